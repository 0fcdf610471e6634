# finding: wrong-result
def measure(image, steps, repeats):
    start = cp.cuda.Event()
    start.record()
    work(image, steps)
    milliseconds = []
    for _ in range(repeats):
        end = cp.cuda.Event()
        work(image, steps)
        end.record()
        end.synchronize()
        milliseconds.append(cp.cuda.get_elapsed_time(start, end))
    return milliseconds
