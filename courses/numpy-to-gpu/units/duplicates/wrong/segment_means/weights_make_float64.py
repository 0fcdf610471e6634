# finding: wrong-type
def segment_means(temps, labels, count):
    place = labels.ravel() + 1
    total = cp.bincount(place, temps.ravel(), count + 1)[1:]
    pixels = cp.bincount(place, minlength=count + 1)[1:]
    return total / cp.maximum(pixels, 1)
