# finding: uncoalesced
@cuda.jit
def turn_left(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        out[width - 1 - x, y] = image[y, x]
