# finding: host-fallback
def smoothed(row, steps):
    for _ in range(steps):
        wide = np.pad(row, 1, mode="edge")
        row = (wide[:-2] + wide[1:-1] + wide[2:]) / np.float32(3)
    return row
