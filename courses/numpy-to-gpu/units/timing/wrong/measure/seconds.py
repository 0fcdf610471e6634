# finding: wrong-result
def measure(image, steps, repeats):
    work(image, steps)
    return [elapsed(work, image, steps) / 1000 for _ in range(repeats)]
