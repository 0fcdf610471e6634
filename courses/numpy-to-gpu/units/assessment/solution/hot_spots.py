def hot_spots(counts):
    n, height, width = counts.shape
    low = counts.min(axis=(1, 2)).astype(cp.int32)
    high = counts.max(axis=(1, 2)).astype(cp.int32)
    threshold = (low + high) // 2
    hot = counts > threshold[:, None, None]
    number = hot.sum(axis=(1, 2))
    rows = (hot.sum(axis=2) * cp.arange(height)).sum(axis=1)
    columns = (hot.sum(axis=1) * cp.arange(width)).sum(axis=1)
    divisor = cp.maximum(number, 1)
    report = cp.empty((n, 4), cp.float32)
    report[:, 0] = threshold
    report[:, 1] = number
    report[:, 2] = cp.where(number > 0, rows / divisor, -1)
    report[:, 3] = cp.where(number > 0, columns / divisor, -1)
    return report
