# finding: wrong-result
def subtract_dark(frames, dark, limit):
    return cp.maximum(frames.astype(cp.int32) - dark, 0).astype(cp.uint16)
