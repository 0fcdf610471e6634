# finding: wrong-result
def hot_spots(raw, dark, limit):
    even = cuda.device_array(raw.size, np.float32)
    hot = cuda.device_array(raw.size, np.uint8)
    smooth[4, 256](cuda.to_device(raw), even)
    mark[4, 256](even, limit, hot)
    return hot.copy_to_host()
