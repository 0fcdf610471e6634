def subtract_dark(frames, dark, limit):
    signal = frames.astype(cp.int32) - dark
    return cp.clip(signal, 0, limit).astype(cp.uint16)
