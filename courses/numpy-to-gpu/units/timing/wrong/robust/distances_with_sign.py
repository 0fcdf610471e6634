# finding: wrong-result
def robust(samples, warm_up):
    rest = samples[warm_up:]
    middle = np.median(rest)
    return middle, np.median(rest - middle)
