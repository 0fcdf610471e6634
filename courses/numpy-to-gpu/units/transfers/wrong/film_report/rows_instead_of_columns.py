# finding: wrong-result
def film_report(frames, offset, limit):
    clean = frames - offset
    share = (clean > limit).mean(axis=(1, 2)).astype(frames.dtype)
    return cp.stack([clean.max(axis=(1, 2)), clean.mean(axis=(1, 2)), share])
