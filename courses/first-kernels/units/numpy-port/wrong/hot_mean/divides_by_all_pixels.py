# finding: wrong-result
def hot_mean(frames, limit):
    xp = cp.get_array_module(frames)
    return xp.where(frames > limit, frames, 0).mean(axis=(1, 2))
