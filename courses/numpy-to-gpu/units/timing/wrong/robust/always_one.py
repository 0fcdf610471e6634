# finding: wrong-result
def robust(samples, warm_up):
    rest = samples[1:] if len(samples) > 1 else samples
    middle = np.median(rest)
    return middle, np.median(abs(rest - middle))
