# finding: wrong-type
def measure(image, steps, repeats):
    for _ in range(repeats + 1):
        work(image, steps)
    cp.cuda.Device().synchronize()
    return [float("nan")] * repeats
