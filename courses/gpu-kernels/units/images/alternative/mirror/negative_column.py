@cuda.jit
def mirror(image, out):
    column, row = cuda.grid(2)
    height, width = out.shape
    if row >= height:
        return
    if column >= width:
        return
    out[row, column] = image[row, -1 - column]
