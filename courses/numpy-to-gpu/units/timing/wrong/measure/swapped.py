# finding: wrong-result
def measure(image, steps, repeats):
    work(image, steps)
    milliseconds = []
    for _ in range(repeats):
        start, end = cp.cuda.Event(), cp.cuda.Event()
        start.record()
        work(image, steps)
        end.record()
        end.synchronize()
        milliseconds.append(cp.cuda.get_elapsed_time(end, start))
    return milliseconds
