# finding: uncoalesced
@cuda.jit
def quarter_turn(image, out):
    left, top = 32 * cuda.blockIdx.x, 32 * cuda.blockIdx.y
    r, c = left + cuda.threadIdx.y, top + cuda.threadIdx.x
    height, width = image.shape
    if r < width and c < height:
        out[r, height - 1 - c] = image[c, r]
