# finding: many-launches
def hot_mean(frames, limit):
    xp = cp.get_array_module(frames)
    out = xp.zeros(len(frames), frames.dtype)
    for number, frame in enumerate(frames):
        hot = frame > limit
        count = hot.sum().astype(frames.dtype)
        out[number] = xp.where(hot, frame, 0).sum() / xp.maximum(count, 1)
    return out
