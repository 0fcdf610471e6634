# finding: exception
def robust(samples, warm_up):
    rest = sorted(samples)[warm_up + 1 :]
    middle = rest[len(rest) // 2]
    return middle, np.median(abs(np.array(rest) - middle))
