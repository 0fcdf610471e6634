@cuda.jit(fastmath=True)
def soft_mask(heat, limit, width, out):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i < heat.shape[0]:
        one = np.float32(1)
        out[i] = one / (one + math.exp((limit - heat[i]) / width))
