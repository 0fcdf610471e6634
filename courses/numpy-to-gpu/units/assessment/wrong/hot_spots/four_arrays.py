# finding: wrong-type
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
    first = threshold.astype(cp.float32)
    second = number.astype(cp.float32)
    third = cp.where(number > 0, rows / divisor, -1)
    fourth = cp.where(number > 0, columns / divisor, -1)
    return first, second, third.astype(cp.float32), fourth.astype(cp.float32)
