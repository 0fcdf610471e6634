# finding: host-fallback
def calibrated(raw):
    celsius = np.empty(raw.size, np.float32)
    calibrate[4, 256](cuda.to_device(raw), celsius)
    return celsius
