# finding: wrong-result
import time


def measure(image, steps, repeats):
    work(image, steps)
    cp.cuda.Device().synchronize()
    milliseconds = []
    for _ in range(repeats):
        start = time.time()
        work(image, steps)
        cp.cuda.Device().synchronize()
        milliseconds.append(1000 * (time.time() - start))
    return milliseconds
