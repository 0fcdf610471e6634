# finding: host-fallback
def smoothed(row, steps):
    now, later = row.copy(), np.zeros_like(row)
    for _ in range(steps):
        smooth[8, 128](now, later)
        now, later = later, now
    return now
