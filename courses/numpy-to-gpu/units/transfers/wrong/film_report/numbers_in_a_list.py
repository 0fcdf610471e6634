# finding: host-fallback
def film_report(frames, offset, limit):
    rows = []
    for frame in frames:
        clean = frame - offset
        rows.append([float(clean.max()), float(clean.mean()), float((clean > limit).mean())])
    return cp.array(rows, dtype=cp.float32)
