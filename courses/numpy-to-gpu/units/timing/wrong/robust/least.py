# finding: wrong-result
def robust(samples, warm_up):
    rest = samples[warm_up:]
    return rest.min(), np.median(rest - rest.min())
