@cuda.jit
def false_colour(grey, out):
    x, y = cuda.grid(2)
    if y < out.shape[1] and x < out.shape[2]:
        red = grey[y, x]
        blue = np.float32(1) - red
        green = red + red if red < blue else blue + blue
        out[0, y, x], out[1, y, x], out[2, y, x] = red, green, blue
