# finding: wrong-result
@cuda.jit
def sum_shares(raw, sums):
    part = (raw.size + cuda.gridsize(1) - 1) // cuda.gridsize(1)
    first = cuda.grid(1) * part
    total = 0
    for i in range(first, min(first + part, raw.size)):
        total += raw[i]
    sums[cuda.grid(1)] = total
