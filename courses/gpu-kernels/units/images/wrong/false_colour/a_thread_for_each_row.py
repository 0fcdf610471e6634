# finding: uncoalesced
@cuda.jit
def false_colour(grey, out):
    height, width = grey.shape
    row = cuda.grid(2)[1] * 32 + cuda.threadIdx.x
    if cuda.blockIdx.x == 0 and row < height:
        for x in range(width):
            value = grey[row, x]
            out[0, row, x] = value
            out[1, row, x] = 1 - abs(2 * value - 1)
            out[2, row, x] = 1 - value
