@cuda.jit
def spread(raw, widest):
    both = cuda.shared.array((2, 256), np.int32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    both[0, t] = raw[i] if i < raw.size else 2147483647
    both[1, t] = raw[i] if i < raw.size else -2147483648
    cuda.syncthreads()
    step = 1
    while step < cuda.blockDim.x:
        if t % (2 * step) == 0 and t + step < cuda.blockDim.x:
            both[0, t] = min(both[0, t], both[0, t + step])
            both[1, t] = max(both[1, t], both[1, t + step])
        step *= 2
        cuda.syncthreads()
    if t == 0:
        cuda.atomic.max(widest, 0, both[1, 0] - both[0, 0])
