# finding: many-launches
def calibrated(raw):
    raw_there = cuda.to_device(raw)
    room = cuda.device_array(raw.size, np.float32)
    for first in range(0, raw.size, 256):
        calibrate[1, 256](raw_there[first : first + 256], room[first : first + 256])
    return room.copy_to_host()
