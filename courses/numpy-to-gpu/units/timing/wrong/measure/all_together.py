# finding: wrong-type
def measure(image, steps, repeats):
    work(image, steps)
    start, end = cp.cuda.Event(), cp.cuda.Event()
    start.record()
    for _ in range(repeats):
        work(image, steps)
    end.record()
    end.synchronize()
    return cp.cuda.get_elapsed_time(start, end) / repeats
