def smoothed(row, steps):
    values = cuda.to_device(row)
    for _ in range(steps):
        room = cuda.device_array(row.shape, row.dtype)
        smooth[max(1, row.size // 64), 64](values, room)
        values = room
    return values.copy_to_host()
