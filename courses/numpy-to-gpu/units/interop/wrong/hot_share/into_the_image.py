# finding: input-changed
def hot_share(image, offset, high, low):
    image -= offset
    marks = cp.empty(image.shape, cp.uint8)
    hysteresis[-(-image.shape[0] // 32), 32](image, high, low, marks)
    return marks.mean(axis=1).astype(cp.float32)
