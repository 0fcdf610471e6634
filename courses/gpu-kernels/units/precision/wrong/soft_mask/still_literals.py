# finding: float64
# line: 6
@cuda.jit
def soft_mask(heat, limit, width, out):
    i = cuda.grid(1)
    if i < heat.shape[0]:
        steps = (heat[i] - limit) / width
        out[i] = 1.0 / (1.0 + math.exp(-steps))
