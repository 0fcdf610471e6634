# finding: uncoalesced
@cuda.jit
def false_colour(grey, out):
    # The threads of a block take their pixels down the columns.
    block = cuda.blockDim.x * cuda.blockDim.y
    number = cuda.threadIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    x = cuda.blockIdx.x * cuda.blockDim.x + number // cuda.blockDim.y
    y = cuda.blockIdx.y * cuda.blockDim.y + number % cuda.blockDim.y
    height, width = grey.shape
    if number < block and x < width and y < height:
        value = grey[y, x]
        out[0, y, x] = value
        out[1, y, x] = 1 - abs(2 * value - 1)
        out[2, y, x] = 1 - value
