# finding: host-fallback
def segment_means(temps, labels, count):
    means = cp.zeros(count, temps.dtype)
    for segment in cp.unique(labels).tolist():
        if segment >= 0:
            means[segment] = temps[labels == segment].mean()
    return means
