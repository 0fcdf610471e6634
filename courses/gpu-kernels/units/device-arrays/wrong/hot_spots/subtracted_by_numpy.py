# finding: host-fallback
def hot_spots(raw, dark, limit):
    clean = cuda.to_device(raw - dark)
    even = cuda.device_array_like(clean)
    hot = cuda.device_array(raw.size, np.uint8)
    smooth[4, 256](clean, even)
    mark[4, 256](even, limit, hot)
    return hot.copy_to_host()
