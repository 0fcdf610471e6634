# finding: wrong-result
def measure(image, steps, repeats):
    work(image, steps)
    return [elapsed(work, image, steps) / steps for _ in range(repeats)]
