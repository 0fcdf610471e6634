# finding: many-launches
def smoothed(row, steps):
    now = cuda.to_device(row)
    later = cuda.device_array_like(now)
    for _ in range(steps):
        smooth[8, 128](now, later)
        smooth[8, 128](now, later)
        now, later = later, now
    return now.copy_to_host()
