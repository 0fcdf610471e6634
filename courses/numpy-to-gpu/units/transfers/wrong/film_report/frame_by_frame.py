# finding: many-launches
def film_report(frames, offset, limit):
    report = cp.empty((len(frames), 3), frames.dtype)
    for row, frame in zip(report, frames):
        clean = frame - offset
        row[0], row[1], row[2] = clean.max(), clean.mean(), (clean > limit).mean()
    return report
