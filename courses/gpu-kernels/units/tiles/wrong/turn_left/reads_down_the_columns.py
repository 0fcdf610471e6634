# finding: uncoalesced
@cuda.jit
def turn_left(image, out):
    row = 32 * cuda.blockIdx.x + cuda.threadIdx.y
    column = 32 * cuda.blockIdx.y + cuda.threadIdx.x
    height, width = image.shape
    if row < width and column < height:
        out[width - 1 - row, column] = image[column, row]
