# finding: wrong-result
def compare(before, after, nbytes, limit):
    old, new = before[1:].mean(), np.median(after[1:])
    rate = nbytes / (new / 1000) / 1e9
    return old / new, rate, rate / limit
