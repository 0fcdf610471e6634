@cuda.jit
def soft_mask(heat, limit, width, out):
    half = np.float32(0.5)
    for i in range(cuda.grid(1), heat.size, cuda.gridsize(1)):
        out[i] = half + half * math.tanh(half * (heat[i] - limit) / width)
