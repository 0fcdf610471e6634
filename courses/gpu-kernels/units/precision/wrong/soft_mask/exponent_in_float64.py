# finding: float64
@cuda.jit
def soft_mask(heat, limit, width, out):
    i = cuda.grid(1)
    if i < heat.shape[0]:
        one = np.float32(1)
        steps = float(heat[i] - limit) / width * 1.0000001
        out[i] = one / (one + np.float32(math.exp(-steps)))
