# finding: wrong-result
def segment_means(temps, labels, count):
    place = labels.ravel() + 1
    total = cp.zeros(count + 1, temps.dtype)
    pixels = cp.zeros(count + 1, temps.dtype)
    cupyx.scatter_add(total, place, temps.ravel())
    cupyx.scatter_add(pixels, place, 1)
    return (total / pixels)[1:]
