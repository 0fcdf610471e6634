# finding: host-fallback
def hot_spots(counts):
    report = cp.full((len(counts), 4), -1, cp.float32)
    for i, image in enumerate(counts):
        threshold = (int(image.min()) + int(image.max())) // 2
        rows, columns = cp.nonzero(image > threshold)
        report[i, :2] = cp.array([threshold, rows.size], cp.float32)
        if rows.size:
            report[i, 2] = rows.mean()
            report[i, 3] = columns.mean()
    return report
