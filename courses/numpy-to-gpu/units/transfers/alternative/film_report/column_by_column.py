def film_report(frames, offset, limit):
    clean = (frames - offset).reshape(len(frames), -1)
    report = cp.empty((len(frames), 3), frames.dtype)
    report[:, 0] = clean.max(axis=1)
    report[:, 1] = clean.mean(axis=1)
    report[:, 2] = cp.count_nonzero(clean > limit, axis=1) / clean.shape[1]
    return report
