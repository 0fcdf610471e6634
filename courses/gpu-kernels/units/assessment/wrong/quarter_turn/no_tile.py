# finding: uncoalesced
@cuda.jit
def quarter_turn(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        out[x, height - 1 - y] = image[y, x]
