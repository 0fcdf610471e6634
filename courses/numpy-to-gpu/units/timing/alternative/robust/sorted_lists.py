def middle_of(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def robust(samples, warm_up):
    rest = samples.tolist()[warm_up:]
    middle = middle_of(rest)
    return middle, middle_of([abs(one - middle) for one in rest])
