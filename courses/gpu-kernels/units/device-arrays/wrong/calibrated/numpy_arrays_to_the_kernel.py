# finding: host-fallback
def calibrated(raw):
    celsius = np.empty(raw.size, np.float32)
    calibrate[4, 256](raw, celsius)
    return celsius
