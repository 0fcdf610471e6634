# finding: wrong-type
def measure(image, steps, repeats):
    return [elapsed(work, image, steps) for _ in range(repeats + 1)]
