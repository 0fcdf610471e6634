# finding: input-changed
def hot_mean(frames, limit):
    xp = cp.get_array_module(frames)
    hot = frames > limit
    frames[~hot] = 0
    return frames.sum(axis=(1, 2)) / xp.maximum(hot.sum(axis=(1, 2)).astype(frames.dtype), 1)
