# finding: uncoalesced
@cuda.jit
def mirror(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if y < width and x < height:
        out[x, y] = image[x, width - 1 - y]
