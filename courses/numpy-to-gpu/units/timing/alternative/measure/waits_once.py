def measure(image, steps, repeats):
    for _ in range(2):
        work(image, steps)
    marks = [cp.cuda.Event() for _ in range(repeats + 1)]
    marks[0].record()
    for mark in marks[1:]:
        work(image, steps)
        mark.record()
    cp.cuda.Device().synchronize()
    return [cp.cuda.get_elapsed_time(one, two) for one, two in zip(marks, marks[1:], strict=False)]
