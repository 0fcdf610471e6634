# finding: input-changed
def compare(before, after, nbytes, limit):
    before, after = before[1:], after[1:]
    before.sort()
    after.sort()
    old, new = np.median(before), np.median(after)
    rate = nbytes / (new / 1000) / 1e9
    return old / new, rate, rate / limit
