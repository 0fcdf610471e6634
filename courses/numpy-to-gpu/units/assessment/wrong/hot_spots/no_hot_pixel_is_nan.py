# finding: wrong-result
def hot_spots(counts):
    n, height, width = counts.shape
    low = counts.min(axis=(1, 2)).astype(cp.int32)
    high = counts.max(axis=(1, 2)).astype(cp.int32)
    threshold = (low + high) // 2
    hot = counts > threshold[:, None, None]
    number = hot.sum(axis=(1, 2))
    rows = (hot.sum(axis=2) * cp.arange(height)).sum(axis=1)
    columns = (hot.sum(axis=1) * cp.arange(width)).sum(axis=1)
    report = cp.empty((n, 4), cp.float32)
    report[:, 0] = threshold
    report[:, 1] = number
    report[:, 2] = rows / number
    report[:, 3] = columns / number
    return report
