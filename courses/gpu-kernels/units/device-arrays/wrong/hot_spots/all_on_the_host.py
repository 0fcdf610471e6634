# finding: host-fallback
def hot_spots(raw, dark, limit):
    clean = np.pad(raw - dark, 1, mode="edge")
    even = (clean[:-2] + clean[1:-1] + clean[2:]) / np.float32(3)
    return (even > limit).astype(np.uint8)
