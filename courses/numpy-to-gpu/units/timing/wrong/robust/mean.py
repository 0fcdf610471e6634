# finding: wrong-result
def robust(samples, warm_up):
    rest = samples[warm_up:]
    return rest.mean(), abs(rest - rest.mean()).mean()
