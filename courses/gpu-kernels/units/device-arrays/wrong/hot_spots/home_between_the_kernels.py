# finding: host-fallback
def hot_spots(raw, dark, limit):
    room = cuda.device_array(raw.size, np.float32)
    subtract[4, 256](cuda.to_device(raw), cuda.to_device(dark), room)
    clean = room.copy_to_host()
    smooth[4, 256](cuda.to_device(clean), room)
    even = room.copy_to_host()
    hot = cuda.device_array(raw.size, np.uint8)
    mark[4, 256](cuda.to_device(even), limit, hot)
    return hot.copy_to_host()
