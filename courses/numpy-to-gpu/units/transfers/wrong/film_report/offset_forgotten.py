# finding: wrong-result
def film_report(frames, offset, limit):
    share = (frames > limit).mean(axis=(1, 2)).astype(frames.dtype)
    return cp.stack([frames.max(axis=(1, 2)), frames.mean(axis=(1, 2)), share], axis=1)
