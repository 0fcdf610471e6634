# finding: out-of-bounds
@cuda.jit
def grey(heat, low, high, out):
    x, y = cuda.grid(2)
    width, height = heat.shape
    if x < width and y < height:
        value = (heat[y, x] - low) / (high - low)
        out[y, x] = min(max(value, 0), 1)
