# finding: compile
@cuda.jit
def grey(heat, low, high, out):
    x, y = cuda.grid(1)
    height, width = heat.shape
    if x < width and y < height:
        value = (heat[y, x] - low) / (high - low)
        out[y, x] = min(max(value, 0), 1)
