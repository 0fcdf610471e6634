# finding: host-fallback
def hot_spots(raw, dark, limit):
    clean = cuda.to_device(np.zeros_like(raw))
    even = cuda.to_device(np.zeros_like(raw))
    hot = cuda.to_device(np.zeros(raw.size, np.uint8))
    subtract[4, 256](cuda.to_device(raw), cuda.to_device(dark), clean)
    smooth[4, 256](clean, even)
    mark[4, 256](even, limit, hot)
    return hot.copy_to_host()
