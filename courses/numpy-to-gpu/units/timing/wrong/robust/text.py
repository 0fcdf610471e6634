# finding: wrong-type
def robust(samples, warm_up):
    rest = samples[warm_up:]
    middle = np.median(rest)
    return f"{middle} ms", f"{np.median(abs(rest - middle))} ms"
