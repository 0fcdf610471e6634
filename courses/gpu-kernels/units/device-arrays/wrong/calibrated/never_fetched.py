# finding: wrong-result
def calibrated(raw):
    celsius = np.zeros(raw.size, np.float32)
    calibrate[4, 256](cuda.to_device(raw), cuda.to_device(celsius))
    return celsius
