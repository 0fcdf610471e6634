# finding: wrong-type
def robust(samples, warm_up):
    return np.median(samples[warm_up:])
