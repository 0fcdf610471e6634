@cuda.jit
def sum_shares(raw, sums):
    me = cuda.threadIdx.x + cuda.blockIdx.x * cuda.blockDim.x
    total = np.int64(0)
    for value in raw[me :: cuda.gridsize(1)]:
        total += np.int64(value)
    sums[me] = total
