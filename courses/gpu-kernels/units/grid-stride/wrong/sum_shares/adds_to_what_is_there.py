# finding: uninitialised
# line: 4
@cuda.jit
def sum_shares(raw, sums):
    for i in range(cuda.grid(1), raw.size, cuda.gridsize(1)):
        sums[cuda.grid(1)] += raw[i]
