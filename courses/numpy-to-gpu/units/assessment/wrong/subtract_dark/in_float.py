# finding: wrong-type
def subtract_dark(frames, dark, limit):
    return cp.clip(frames.astype(cp.float32) - dark, 0, limit)
