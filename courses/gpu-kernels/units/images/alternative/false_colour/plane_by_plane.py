@cuda.jit
def false_colour(grey, out):
    x, y = cuda.grid(2)
    if x >= grey.shape[1] or y >= grey.shape[0]:
        return
    for plane in range(3):
        if plane == 0:
            out[plane, y, x] = grey[y, x]
        elif plane == 1:
            out[plane, y, x] = 1 - abs(2 * grey[y, x] - 1)
        else:
            out[plane, y, x] = 1 - grey[y, x]
