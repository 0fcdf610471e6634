# finding: race
# line: 17
@cuda.jit
def total(heat, partial):
    shared = cuda.shared.array(128, np.float32)
    t = cuda.threadIdx.x
    own = np.float32(0)
    for i in range(cuda.grid(1), heat.shape[0], cuda.gridsize(1)):
        own += heat[i]
    shared[t] = own
    cuda.syncthreads()
    stride = 64
    while stride > 0:
        if t < stride:
            shared[t] += shared[t + stride]
        cuda.syncthreads()
        stride //= 2
    if t == 0:
        partial[0] = shared[0]
