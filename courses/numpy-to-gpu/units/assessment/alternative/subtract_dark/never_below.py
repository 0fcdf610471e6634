def subtract_dark(frames, dark, limit):
    return cp.minimum(frames - cp.minimum(frames, dark), cp.uint16(limit))
