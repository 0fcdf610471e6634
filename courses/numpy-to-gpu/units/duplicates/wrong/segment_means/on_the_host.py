# finding: host-fallback
def segment_means(temps, labels, count):
    place = labels.get().ravel() + 1
    total = np.bincount(place, temps.get().ravel(), count + 1)[1:]
    pixels = np.bincount(place, minlength=count + 1)[1:]
    return cp.asarray((total / np.maximum(pixels, 1)).astype(np.float32))
