# finding: host-fallback
def smoothed(row, steps):
    for _ in range(steps):
        now = cuda.to_device(row)
        later = cuda.device_array_like(now)
        smooth[8, 128](now, later)
        row = later.copy_to_host()
    return row
