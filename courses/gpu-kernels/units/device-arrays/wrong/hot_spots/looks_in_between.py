# finding: host-fallback
def hot_spots(raw, dark, limit):
    clean = cuda.device_array(raw.size, np.float32)
    even = cuda.device_array(raw.size, np.float32)
    hot = cuda.device_array(raw.size, np.uint8)
    subtract[4, 256](cuda.to_device(raw), cuda.to_device(dark), clean)
    smooth[4, 256](clean, even)
    if even[0] != even[0]:
        raise ValueError("no number")
    mark[4, 256](even, limit, hot)
    return hot.copy_to_host()
