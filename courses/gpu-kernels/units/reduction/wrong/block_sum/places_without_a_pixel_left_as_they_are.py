# finding: uninitialised
@cuda.jit
def block_sum(heat, partial):
    shared = cuda.shared.array(256, np.float32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    if i < heat.shape[0]:
        shared[t] = heat[i]
    cuda.syncthreads()
    stride = 128
    while stride > 0:
        if t < stride:
            shared[t] += shared[t + stride]
        cuda.syncthreads()
        stride //= 2
    if t == 0:
        partial[cuda.blockIdx.x] = shared[0]
