# finding: wrong-result
@cuda.jit
def soft_mask(heat, limit, width, out):
    i = cuda.grid(1)
    if i < heat.shape[0]:
        out[i] = np.float32(1) if heat[i] > limit else np.float32(0)
