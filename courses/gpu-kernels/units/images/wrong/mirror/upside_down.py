# finding: wrong-result
@cuda.jit
def mirror(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        out[y, x] = image[height - 1 - y, x]
