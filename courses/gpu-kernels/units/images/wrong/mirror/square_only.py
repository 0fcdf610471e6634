# finding: unwritten
@cuda.jit
def mirror(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < min(width, height) and y < min(width, height):
        out[y, x] = image[y, width - 1 - x]
