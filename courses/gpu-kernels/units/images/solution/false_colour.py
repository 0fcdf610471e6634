@cuda.jit
def false_colour(grey, out):
    x, y = cuda.grid(2)
    height, width = grey.shape
    if x < width and y < height:
        one, value = np.float32(1), grey[y, x]
        out[0, y, x] = value
        out[1, y, x] = one - abs(value + value - one)
        out[2, y, x] = one - value
