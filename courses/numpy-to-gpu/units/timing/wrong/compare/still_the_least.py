# finding: wrong-result
def compare(before, after, nbytes, limit):
    new = np.median(after[1:])
    rate = nbytes / (new / 1000) / 1e9
    return np.median(before[1:]) / after[1:].min(), rate, rate / limit
