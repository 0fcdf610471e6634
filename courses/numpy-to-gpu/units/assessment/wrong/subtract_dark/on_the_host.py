# finding: host-fallback
def subtract_dark(frames, dark, limit):
    signal = cp.asnumpy(frames).astype(np.int32) - cp.asnumpy(dark)
    return cp.asarray(np.clip(signal, 0, limit).astype(np.uint16))
