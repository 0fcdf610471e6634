def segment_means(temps, labels, count):
    if labels.size == 0:
        return cp.zeros(count, temps.dtype)
    place = labels.ravel() + 1
    total = cp.bincount(place, temps.ravel(), count + 1)[1:]
    pixels = cp.bincount(place, minlength=count + 1)[1:]
    return cp.where(pixels > 0, total / cp.maximum(pixels, 1), 0).astype(temps.dtype)
