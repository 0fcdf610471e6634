# finding: wrong-result
def calibrated(raw):
    raw_there = cuda.to_device(raw)
    room = cuda.device_array_like(raw_there)
    calibrate[4, 256](raw_there, room)
    return room.copy_to_host().astype(np.float32)
