def hot_share(image, offset, high, low):
    height, width = image.shape
    marks = cuda.device_array((height, width), np.float32)
    hysteresis[height, 1](cuda.as_cuda_array(cp.subtract(image, offset)), high, low, marks)
    return cp.asarray(marks).sum(axis=1) / cp.float32(width)
