def compare(before, after, nbytes, limit):
    typical = {}
    for name, series in (("before", before), ("after", after)):
        rest = np.sort(series[1:])
        typical[name] = (rest[(len(rest) - 1) // 2] + rest[len(rest) // 2]) / 2
    rate = nbytes / typical["after"] * 1e-6
    return typical["before"] / typical["after"], rate, rate / limit
