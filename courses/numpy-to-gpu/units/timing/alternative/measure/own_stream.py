def measure(image, steps, repeats):
    stream = cp.cuda.Stream(non_blocking=True)
    cp.cuda.Device().synchronize()
    times = np.zeros(repeats + 1)
    with stream:
        for number in range(repeats + 1):
            start = stream.record()
            work(image, steps)
            end = stream.record()
            stream.synchronize()
            times[number] = cp.cuda.get_elapsed_time(start, end)
    return times[1:]
