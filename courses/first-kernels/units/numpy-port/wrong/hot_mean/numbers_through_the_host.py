# finding: host-fallback
def hot_mean(frames, limit):
    xp = cp.get_array_module(frames)
    means = []
    for frame in frames:
        hot = frame > limit
        means.append(float(frame[hot].mean()) if hot.any() else 0.0)
    return xp.array(means, dtype=frames.dtype)
