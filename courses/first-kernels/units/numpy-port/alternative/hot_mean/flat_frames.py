def hot_mean(frames, limit):
    xp = cp.get_array_module(frames)
    flat = frames.reshape(frames.shape[0], -1)
    hot = flat > limit
    count = xp.count_nonzero(hot, axis=1)
    mean = (flat * hot).sum(axis=1) / xp.where(count == 0, 1, count)
    return mean.astype(frames.dtype)
