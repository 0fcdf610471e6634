# finding: wrong-result
def robust(samples, warm_up):
    rest = np.sort(samples)[warm_up:]
    middle = np.median(rest)
    return middle, np.median(abs(rest - middle))
