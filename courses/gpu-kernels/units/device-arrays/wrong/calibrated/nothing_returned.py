# finding: unwritten
def calibrated(raw):
    celsius = np.empty(raw.size, np.float32)
    room = cuda.device_array(raw.size, np.float32)
    calibrate[4, 256](cuda.to_device(raw), room)
    room.copy_to_host(celsius)
