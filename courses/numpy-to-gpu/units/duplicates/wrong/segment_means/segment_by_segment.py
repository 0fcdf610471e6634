# finding: many-launches
def segment_means(temps, labels, count):
    means = cp.zeros(count, temps.dtype)
    for segment in range(count):
        member = labels == segment
        means[segment] = (temps * member).sum() / cp.maximum(member.sum(), 1)
    return means
