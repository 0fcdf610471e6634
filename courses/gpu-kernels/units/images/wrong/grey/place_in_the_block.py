# finding: unwritten
@cuda.jit
def grey(heat, low, high, out):
    x, y = cuda.threadIdx.x, cuda.threadIdx.y
    height, width = heat.shape
    if x < width and y < height:
        value = (heat[y, x] - low) / (high - low)
        out[y, x] = min(max(value, 0), 1)
