# finding: host-fallback
def hot_share(image, offset, high, low):
    rows = cuda.to_device(cp.asnumpy(image - offset))
    marks = cuda.device_array(image.shape, np.uint8)
    hysteresis[-(-image.shape[0] // 32), 32](rows, high, low, marks)
    return cp.asarray(marks).mean(axis=1).astype(cp.float32)
