# finding: host-fallback
def film_report(frames, offset, limit):
    clean = frames - offset
    hot = clean > limit
    share = cp.zeros(len(frames), frames.dtype)
    if hot.any():
        share = hot.mean(axis=(1, 2)).astype(frames.dtype)
    return cp.stack([clean.max(axis=(1, 2)), clean.mean(axis=(1, 2)), share], axis=1)
