# finding: input-changed
def robust(samples, warm_up):
    rest = samples[warm_up:]
    middle = np.median(rest)
    rest -= middle
    return middle, np.median(abs(rest))
