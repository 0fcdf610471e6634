# finding: host-fallback
def film_report(frames, offset, limit):
    clean = frames - offset
    hottest = clean.max(axis=(1, 2))
    print("hottest pixel of the film:", hottest.max())
    share = (clean > limit).mean(axis=(1, 2)).astype(frames.dtype)
    return cp.stack([hottest, clean.mean(axis=(1, 2)), share], axis=1)
