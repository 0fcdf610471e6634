# finding: wrong-result
@cuda.jit
def total(heat, partial):
    if cuda.threadIdx.x == 0:
        own = np.float32(0)
        for first in range(cuda.grid(1), heat.shape[0], cuda.gridsize(1)):
            for value in heat[first : first + cuda.blockDim.x]:
                own += value
        partial[cuda.blockIdx.x] = own
