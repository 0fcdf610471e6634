# finding: host-fallback
def measure(image, steps, repeats):
    work(image, steps)
    return [elapsed(work, image, steps)] * repeats
