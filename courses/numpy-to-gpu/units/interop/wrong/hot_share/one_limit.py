# finding: wrong-result
def hot_share(image, offset, high, low):
    return ((image - offset) > high).mean(axis=1).astype(cp.float32)
