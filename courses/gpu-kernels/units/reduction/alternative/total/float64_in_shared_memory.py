@cuda.jit
def total(heat, partial):
    sums = cuda.shared.array(128, np.float64)
    t = cuda.threadIdx.x
    sums[t] = 0.0
    for i in range(cuda.grid(1), heat.size, cuda.gridsize(1)):
        sums[t] += heat[i]
    step = 1
    while step < 128:
        cuda.syncthreads()
        if t % (2 * step) == 0:
            sums[t] += sums[t + step]
        step *= 2
    if t == 0:
        partial[cuda.blockIdx.x] = sums[0]
