# finding: many-launches
def frame_counts(counts):
    totals, coldest = cp.zeros(len(counts), cp.int64), cp.zeros(len(counts), cp.uint16)
    for number, frame in enumerate(counts):
        totals[number] = frame.sum(dtype=cp.int64)
        coldest[number] = frame.min()
    return totals, coldest
