def measure(image, steps, repeats):
    times = [elapsed(work, image, steps) for _ in range(repeats + 1)]
    return tuple(times[1:])
