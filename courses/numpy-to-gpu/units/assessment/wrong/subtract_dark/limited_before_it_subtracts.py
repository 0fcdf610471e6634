# finding: wrong-result
def subtract_dark(frames, dark, limit):
    return cp.maximum(cp.clip(frames.astype(cp.int32), 0, limit) - dark, 0).astype(cp.uint16)
