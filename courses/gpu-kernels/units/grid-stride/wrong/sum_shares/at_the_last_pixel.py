# finding: out-of-bounds
# line: 6
@cuda.jit
def sum_shares(raw, sums):
    total = 0
    for i in range(cuda.grid(1), raw.size, cuda.gridsize(1)):
        total += raw[i]
        sums[i] = total
