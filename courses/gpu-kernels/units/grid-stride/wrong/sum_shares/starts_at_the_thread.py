# finding: wrong-result
@cuda.jit
def sum_shares(raw, sums):
    total = 0
    for i in range(cuda.threadIdx.x, raw.size, cuda.gridsize(1)):
        total += raw[i]
    sums[cuda.grid(1)] = total
