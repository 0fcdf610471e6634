# finding: wrong-result
def hot_share(image, offset, high, low):
    clean = (image - offset).T
    marks = cp.empty(clean.shape, cp.uint8)
    hysteresis[-(-clean.shape[0] // 32), 32](clean, high, low, marks)
    return marks.mean(axis=0).astype(cp.float32)
