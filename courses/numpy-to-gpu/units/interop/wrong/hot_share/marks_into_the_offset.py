# finding: input-changed
def hot_share(image, offset, high, low):
    clean = image - offset
    hysteresis[-(-image.shape[0] // 32), 32](clean, high, low, offset)
    return offset.mean(axis=1)
