def hot_mean(frames, limit):
    xp = cp.get_array_module(frames)
    only_hot = xp.where(frames > limit, frames, xp.nan)
    return xp.nan_to_num(xp.nanmean(only_hot, axis=(1, 2)))
