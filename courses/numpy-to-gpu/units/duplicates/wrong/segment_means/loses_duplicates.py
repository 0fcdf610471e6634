# finding: wrong-result
def segment_means(temps, labels, count):
    place = labels.ravel() + 1
    total = cp.zeros(count + 1, temps.dtype)
    pixels = cp.zeros(count + 1, temps.dtype)
    total[place] += temps.ravel()
    pixels[place] += 1
    return (total / cp.maximum(pixels, 1))[1:]
