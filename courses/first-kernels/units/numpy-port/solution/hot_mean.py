def hot_mean(frames, limit):
    xp = cp.get_array_module(frames)
    hot = frames > limit
    total = xp.where(hot, frames, 0).sum(axis=(1, 2))
    count = hot.sum(axis=(1, 2)).astype(frames.dtype)
    return total / xp.maximum(count, 1)
