# finding: input-changed
@cuda.jit
def false_colour(grey, out):
    x, y = cuda.grid(2)
    height, width = grey.shape
    if x < width and y < height:
        out[0, y, x] = grey[y, x]
        out[1, y, x] = 1 - abs(2 * grey[y, x] - 1)
        grey[y, x] = 1 - grey[y, x]
        out[2, y, x] = grey[y, x]
