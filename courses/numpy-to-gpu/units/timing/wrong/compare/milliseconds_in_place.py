# finding: input-changed
def compare(before, after, nbytes, limit):
    before /= 1000
    after /= 1000
    old, new = np.median(before[1:]), np.median(after[1:])
    rate = nbytes / new / 1e9
    return old / new, rate, rate / limit
