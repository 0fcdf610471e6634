# finding: wrong-result
def subtract_dark(frames, dark, limit):
    signal = frames.astype(cp.int16) - dark.astype(cp.int16)
    return cp.clip(signal, 0, limit).astype(cp.uint16)
