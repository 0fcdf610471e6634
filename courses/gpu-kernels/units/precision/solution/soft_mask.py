@cuda.jit
def soft_mask(heat, limit, width, out):
    i = cuda.grid(1)
    if i < heat.shape[0]:
        one = np.float32(1)
        steps = (heat[i] - limit) / width
        out[i] = one / (one + math.exp(-steps))
