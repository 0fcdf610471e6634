# finding: wrong-result
def segment_means(temps, labels, count):
    total = cp.zeros(count, temps.dtype)
    pixels = cp.zeros(count, temps.dtype)
    cupyx.scatter_add(total, labels, temps)
    cupyx.scatter_add(pixels, labels, 1)
    return total / cp.maximum(pixels, 1)
