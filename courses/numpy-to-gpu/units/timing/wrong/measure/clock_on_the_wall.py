# finding: wrong-result
import time


def measure(image, steps, repeats):
    work(image, steps)
    milliseconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work(image, steps)
        milliseconds.append(1000 * (time.perf_counter() - start))
    return milliseconds
