# finding: wrong-result
def hot_mean(frames, limit):
    xp = cp.get_array_module(frames)
    hot = frames > limit
    total = xp.where(hot, frames, 0).sum(axis=0)
    return total / xp.maximum(hot.sum(axis=0).astype(frames.dtype), 1)
