# finding: wrong-result
def hot_spots(raw, dark, limit):
    clean = cuda.device_array(raw.size, np.float32)
    hot = cuda.device_array(raw.size, np.uint8)
    subtract[4, 256](cuda.to_device(raw), cuda.to_device(dark), clean)
    mark[4, 256](clean, limit, hot)
    return hot.copy_to_host()
