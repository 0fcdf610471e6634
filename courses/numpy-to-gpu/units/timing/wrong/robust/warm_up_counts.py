# finding: wrong-result
def robust(samples, warm_up):
    middle = np.median(samples)
    return middle, np.median(abs(samples - middle))
