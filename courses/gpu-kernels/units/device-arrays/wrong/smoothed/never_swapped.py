# finding: wrong-result
def smoothed(row, steps):
    now = cuda.to_device(row)
    later = cuda.device_array_like(now)
    for _ in range(steps):
        smooth[8, 128](now, later)
    return later.copy_to_host()
