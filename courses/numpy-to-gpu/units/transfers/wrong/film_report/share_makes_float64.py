# finding: wrong-type
def film_report(frames, offset, limit):
    clean = frames - offset
    return cp.stack([clean.max(axis=(1, 2)), clean.mean(axis=(1, 2)), (clean > limit).mean(axis=(1, 2))], axis=1)
