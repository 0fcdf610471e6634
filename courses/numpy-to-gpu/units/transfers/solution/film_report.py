def film_report(frames, offset, limit):
    clean = frames - offset
    hottest = clean.max(axis=(1, 2))
    mean = clean.mean(axis=(1, 2))
    share = (clean > limit).mean(axis=(1, 2)).astype(frames.dtype)
    return cp.stack([hottest, mean, share], axis=1)
