# finding: uncoalesced
@cuda.jit
def mirror(image, out):
    y, x = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        out[y, x] = image[y, width - 1 - x]
