# finding: wrong-result
def robust(samples, warm_up):
    rest = samples[warm_up:]
    return np.median(rest), rest.std()
