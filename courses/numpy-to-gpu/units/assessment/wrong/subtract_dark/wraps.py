# finding: wrong-result
def subtract_dark(frames, dark, limit):
    return cp.clip(frames - dark, 0, limit).astype(cp.uint16)
