# finding: host-fallback
def hot_share(image, offset, high, low):
    marks = np.empty(image.shape, np.uint8)
    hysteresis[-(-image.shape[0] // 32), 32](image - offset, high, low, marks)
    return cp.asarray(marks).mean(axis=1).astype(cp.float32)
