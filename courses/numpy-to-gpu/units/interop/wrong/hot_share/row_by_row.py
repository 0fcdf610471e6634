# finding: many-launches
def hot_share(image, offset, high, low):
    share = cp.empty(len(image), cp.float32)
    for r in range(len(image)):
        marks = cp.empty((1, image.shape[1]), cp.uint8)
        hysteresis[1, 32](image[r : r + 1] - offset[r : r + 1], high, low, marks)
        share[r] = marks.mean()
    return share
