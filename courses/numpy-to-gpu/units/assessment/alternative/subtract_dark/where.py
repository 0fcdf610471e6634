def subtract_dark(frames, dark, limit):
    signal = cp.where(frames > dark[None], frames - dark[None], cp.uint16(0))
    signal[signal > limit] = limit
    return signal
