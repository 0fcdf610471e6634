# finding: wrong-result
def smoothed(row, steps):
    now = cuda.to_device(row)
    for _ in range(steps):
        smooth[8, 128](now, now)
    return now.copy_to_host()
