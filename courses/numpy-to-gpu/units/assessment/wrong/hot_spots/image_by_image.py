# finding: many-launches
def hot_spots(counts):
    n, height, width = counts.shape
    report = cp.empty((n, 4), cp.float32)
    for i in range(n):
        image = counts[i].astype(cp.int32)
        threshold = (image.min() + image.max()) // 2
        hot = image > threshold
        number = hot.sum()
        rows = (hot.sum(axis=1) * cp.arange(height)).sum()
        columns = (hot.sum(axis=0) * cp.arange(width)).sum()
        report[i, 0] = threshold
        report[i, 1] = number
        report[i, 2] = cp.where(number > 0, rows / cp.maximum(number, 1), -1)
        report[i, 3] = cp.where(number > 0, columns / cp.maximum(number, 1), -1)
    return report
