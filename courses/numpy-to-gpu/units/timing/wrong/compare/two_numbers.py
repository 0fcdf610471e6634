# finding: wrong-type
def compare(before, after, nbytes, limit):
    old, new = np.median(before[1:]), np.median(after[1:])
    return old / new, nbytes / (new / 1000) / 1e9
