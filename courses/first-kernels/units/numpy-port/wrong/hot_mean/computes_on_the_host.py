# finding: host-fallback
def hot_mean(frames, limit):
    host = cp.asnumpy(frames)
    hot = host > limit
    count = np.maximum(hot.sum(axis=(1, 2)), 1)
    mean = (np.where(hot, host, 0).sum(axis=(1, 2)) / count).astype(frames.dtype)
    return mean if isinstance(frames, np.ndarray) else cp.asarray(mean)
