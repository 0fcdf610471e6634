# finding: unwritten
@cuda.jit
def grey(heat, low, high, out):
    x, y = cuda.grid(2)
    height, width = heat.shape
    if x < width and y < height:
        t = heat[y, x]
        if low <= t <= high:
            out[y, x] = (t - low) / (high - low)
