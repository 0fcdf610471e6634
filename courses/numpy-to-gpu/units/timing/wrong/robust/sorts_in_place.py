# finding: input-changed
def robust(samples, warm_up):
    rest = samples[warm_up:]
    rest.sort()
    middle = np.median(rest)
    return middle, np.median(abs(rest - middle))
