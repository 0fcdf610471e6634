# finding: host-fallback
def hot_spots(raw, dark, limit):
    clean, even = np.empty_like(raw), np.empty_like(raw)
    hot = np.empty(raw.size, np.uint8)
    subtract[4, 256](raw, dark, clean)
    smooth[4, 256](clean, even)
    mark[4, 256](even, limit, hot)
    return hot
