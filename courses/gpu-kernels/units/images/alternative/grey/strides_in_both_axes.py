@cuda.jit
def grey(heat, low, high, out):
    first_x, first_y = cuda.grid(2)
    step_x, step_y = cuda.gridsize(2)
    scale = np.float32(1) / (high - low)
    for y in range(first_y, out.shape[0], step_y):
        for x in range(first_x, out.shape[1], step_x):
            t = min(max(heat[y, x], low), high)
            out[y, x] = (t - low) * scale
