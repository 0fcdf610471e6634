# finding: wrong-result
def measure(image, steps, repeats):
    work(image, steps)
    stream = cp.cuda.Stream(non_blocking=True)
    milliseconds = []
    for _ in range(repeats):
        start = stream.record()
        work(image, steps)
        end = stream.record()
        end.synchronize()
        milliseconds.append(cp.cuda.get_elapsed_time(start, end))
    return milliseconds
