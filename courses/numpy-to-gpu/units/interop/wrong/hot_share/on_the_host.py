# finding: host-fallback
def hot_share(image, offset, high, low):
    clean = (image - offset).get()
    share = np.zeros(len(clean), np.float32)
    for r, row in enumerate(clean):
        hot = False
        for value in row:
            hot = value > high or (hot and value > low)
            share[r] += hot
    return cp.asarray(share / clean.shape[1])
