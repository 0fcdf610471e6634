# finding: many-launches
def hot_spots(raw, dark, limit):
    raw_there, dark_there = cuda.to_device(raw), cuda.to_device(dark)
    clean = cuda.device_array(raw.size, np.float32)
    even = cuda.device_array(raw.size, np.float32)
    hot = cuda.device_array(raw.size, np.uint8)
    for first in range(0, raw.size, 1024):
        part = slice(first, first + 1024)
        subtract[4, 256](raw_there[part], dark_there[part], clean[part])
    smooth[4, 256](clean, even)
    mark[4, 256](even, limit, hot)
    return hot.copy_to_host()
