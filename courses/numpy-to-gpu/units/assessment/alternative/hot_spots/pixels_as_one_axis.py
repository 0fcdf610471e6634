def hot_spots(counts):
    n, height, width = counts.shape
    pixels = counts.reshape(n, height * width).astype(cp.float32)
    threshold = cp.floor((pixels.min(axis=1) + pixels.max(axis=1)) / 2)
    hot = cp.where(pixels > threshold.reshape(n, 1), cp.float32(1), cp.float32(0))
    place = cp.arange(height * width)
    number = hot.sum(axis=1)
    columns = [threshold, number]
    for position in (place // width, place % width):
        total = (hot * position).sum(axis=1)
        columns.append(cp.where(number == 0, cp.float32(-1), total / cp.maximum(number, cp.float32(1))))
    return cp.stack(columns, axis=1).astype(cp.float32)
