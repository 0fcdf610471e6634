@cuda.jit
def block_sum(heat, partial):
    sums = cuda.shared.array(256, np.float32)
    t = cuda.threadIdx.x
    i = cuda.blockIdx.x * cuda.blockDim.x + t
    sums[t] = 0
    if i < len(heat):
        sums[t] = heat[i]
    step = 1
    while step < 256:
        cuda.syncthreads()
        if t % (2 * step) == 0:
            sums[t] += sums[t + step]
        step *= 2
    if t == 0:
        partial[cuda.blockIdx.x] = sums[0]
