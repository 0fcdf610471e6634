# finding: input-changed
def segment_means(temps, labels, count):
    labels += 1
    total = cp.zeros(count + 1, temps.dtype)
    pixels = cp.zeros(count + 1, temps.dtype)
    cupyx.scatter_add(total, labels, temps)
    cupyx.scatter_add(pixels, labels, 1)
    return (total / cp.maximum(pixels, 1))[1:]
