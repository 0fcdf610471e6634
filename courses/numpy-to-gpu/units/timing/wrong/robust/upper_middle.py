# finding: wrong-result
def robust(samples, warm_up):
    rest = np.sort(samples[warm_up:])
    middle = rest[len(rest) // 2]
    return middle, np.sort(abs(rest - middle))[len(rest) // 2]
