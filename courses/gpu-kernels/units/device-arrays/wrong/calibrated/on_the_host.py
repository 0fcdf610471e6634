# finding: host-fallback
def calibrated(raw):
    return raw * np.float32(0.04)
