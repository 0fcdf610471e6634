# finding: wrong-result
def segment_means(temps, labels, count):
    place = cp.maximum(labels, 0).ravel()
    total = cp.zeros(count, temps.dtype)
    pixels = cp.zeros(count, temps.dtype)
    cupyx.scatter_add(total, place, temps.ravel())
    cupyx.scatter_add(pixels, place, 1)
    return total / cp.maximum(pixels, 1)
