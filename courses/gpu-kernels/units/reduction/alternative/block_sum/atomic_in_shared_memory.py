@cuda.jit
def block_sum(heat, partial):
    one = cuda.shared.array(1, np.float32)
    if cuda.threadIdx.x == 0:
        one[0] = 0
    cuda.syncthreads()
    i = cuda.grid(1)
    if i < heat.size:
        cuda.atomic.add(one, 0, heat[i])
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        partial[cuda.blockIdx.x] = one[0]
