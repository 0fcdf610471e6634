def compare(before, after, nbytes, limit):
    seconds = [float(np.quantile(series[1:], 0.5)) / 1000 for series in (before, after)]
    bytes_per_second = nbytes / seconds[1]
    return seconds[0] / seconds[1], bytes_per_second / 10**9, bytes_per_second / (limit * 10**9)
