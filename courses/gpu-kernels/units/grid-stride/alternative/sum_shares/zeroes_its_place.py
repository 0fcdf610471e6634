@cuda.jit
def sum_shares(raw, sums):
    t = cuda.grid(1)
    sums[t] = 0
    while t < raw.size:
        sums[cuda.grid(1)] += raw[t]
        t += sums.size
