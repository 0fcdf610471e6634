# finding: wrong-result
@cuda.jit
def grey(heat, low, high, out):
    x, y = cuda.grid(2)
    height, width = heat.shape
    if x < width and y < height:
        out[y, x] = min(max((heat[y, x] - low) / high, 0), 1)
