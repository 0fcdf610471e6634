# finding: out-of-bounds
# line: 11
@cuda.jit
def block_sum(heat, partial):
    shared = cuda.shared.array(256, np.float32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    shared[t] = heat[i] if i < heat.shape[0] else np.float32(0)
    cuda.syncthreads()
    stride = 256
    while stride > 0:
        if t < stride:
            shared[t] += shared[t + stride]
        cuda.syncthreads()
        stride //= 2
    if t == 0:
        partial[cuda.blockIdx.x] = shared[0]
