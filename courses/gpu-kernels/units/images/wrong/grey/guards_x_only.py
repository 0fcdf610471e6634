# finding: out-of-bounds
@cuda.jit
def grey(heat, low, high, out):
    x, y = cuda.grid(2)
    height, width = heat.shape
    if x < width:
        value = (heat[y, x] - low) / (high - low)
        out[y, x] = min(max(value, 0), 1)
