# finding: wrong-result
@cuda.jit
def false_colour(grey, out):
    x, y = cuda.grid(2)
    height, width = grey.shape
    if x < width and y < height:
        value = grey[y, x]
        out[2, y, x] = value
        out[1, y, x] = 1 - abs(2 * value - 1)
        out[0, y, x] = 1 - value
