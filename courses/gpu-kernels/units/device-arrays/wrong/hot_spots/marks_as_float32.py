# finding: wrong-type
def hot_spots(raw, dark, limit):
    clean = cuda.device_array(raw.size, np.float32)
    even = cuda.device_array(raw.size, np.float32)
    subtract[4, 256](cuda.to_device(raw), cuda.to_device(dark), clean)
    smooth[4, 256](clean, even)
    mark[4, 256](even, limit, clean)
    return clean.copy_to_host()
