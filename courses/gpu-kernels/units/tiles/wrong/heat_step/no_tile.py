# finding: slow
@cuda.jit
def heat_step(heat, rate, out):
    x, y = cuda.grid(2)
    height, width = heat.shape
    if x < width and y < height:
        around = heat[y, max(x - 1, 0)] + heat[y, min(x + 1, width - 1)]
        around += heat[max(y - 1, 0), x] + heat[min(y + 1, height - 1), x]
        out[y, x] = heat[y, x] + rate * (around - np.float32(4) * heat[y, x])
