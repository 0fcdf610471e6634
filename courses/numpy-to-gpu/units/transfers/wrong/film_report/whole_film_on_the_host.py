# finding: host-fallback
def film_report(frames, offset, limit):
    clean = frames.get() - offset.get()
    share = (clean > limit).mean(axis=(1, 2))
    report = np.stack([clean.max(axis=(1, 2)), clean.mean(axis=(1, 2)), share], axis=1)
    return cp.asarray(report.astype(np.float32))
