def hot_spots(raw, dark, limit):
    one, two = map(cuda.to_device, (raw, dark))
    launch = 2 * len(raw) // 128 + 1, 64
    subtract[launch](one, two, one)
    smooth[launch](one, two)
    marks = np.zeros(len(raw), np.uint8)
    marks_there = cuda.device_array(marks.shape, marks.dtype)
    mark[launch](two, limit, marks_there)
    marks_there.copy_to_host(marks)
    return marks
