# finding: wrong-result
@cuda.jit
def total(heat, partial):
    b = cuda.blockIdx.x
    if cuda.threadIdx.x == 0:
        partial[b] = 0
    cuda.syncthreads()
    for i in range(cuda.grid(1), heat.shape[0], cuda.gridsize(1)):
        cuda.atomic.add(partial, b, heat[i])
