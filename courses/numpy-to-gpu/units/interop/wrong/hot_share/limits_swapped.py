# finding: wrong-result
def hot_share(image, offset, high, low):
    marks = cp.empty(image.shape, cp.uint8)
    hysteresis[-(-image.shape[0] // 32), 32](image - offset, low, high, marks)
    return marks.mean(axis=1).astype(cp.float32)
