# finding: wrong-type
def calibrated(raw):
    room = cuda.device_array(raw.size, np.float32)
    calibrate[4, 256](cuda.to_device(raw), room)
    return room
