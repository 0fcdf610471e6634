# finding: exception
# line: 2
def compare(before, after, nbytes, limit):
    faster = np.median(before[1:] / after[1:])
    rate = nbytes / (np.median(after[1:]) / 1000) / 1e9
    return faster, rate, rate / limit
