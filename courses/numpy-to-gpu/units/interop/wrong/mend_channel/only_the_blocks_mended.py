# finding: wrong-result
def mend_channel(image, channel, lag):
    part = cp.ascontiguousarray(image[:, channel::2])
    lag_there = cuda.to_device(cp.asnumpy(lag))
    unlag[-(-part.shape[0] // 32), 32](part, lag_there)
