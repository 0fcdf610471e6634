def frame_counts(counts):
    return counts.sum(axis=(1, 2), dtype=cp.int64), counts.min(axis=(1, 2))
