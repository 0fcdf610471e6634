# finding: wrong-result
@cuda.jit
def mirror(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if 0 < x < width and y < height:
        out[y, x] = image[y, width - x]
