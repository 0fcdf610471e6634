def hot_mean(frames, limit):
    hot = (frames > limit).astype(frames.dtype)
    count = hot.sum(axis=(1, 2))
    return (frames * hot).sum(axis=(1, 2)) / (count + (count == 0))
