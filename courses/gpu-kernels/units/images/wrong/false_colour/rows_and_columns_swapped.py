# finding: unwritten
@cuda.jit
def false_colour(grey, out):
    y, x = cuda.grid(2)
    height, width = grey.shape
    if x < width and y < height:
        value = grey[y, x]
        out[0, y, x] = value
        out[1, y, x] = 1 - abs(2 * value - 1)
        out[2, y, x] = 1 - value
