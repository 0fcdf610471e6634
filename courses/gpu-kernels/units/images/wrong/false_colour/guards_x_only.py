# finding: out-of-bounds
@cuda.jit
def false_colour(grey, out):
    x, y = cuda.grid(2)
    if x < grey.shape[1]:
        value = grey[y, x]
        out[0, y, x] = value
        out[1, y, x] = 1 - abs(2 * value - 1)
        out[2, y, x] = 1 - value
