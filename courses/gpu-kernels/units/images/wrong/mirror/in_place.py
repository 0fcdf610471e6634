# finding: input-changed
@cuda.jit
def mirror(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width // 2 and y < height:
        left, right = image[y, x], image[y, width - 1 - x]
        image[y, x], image[y, width - 1 - x] = right, left
        out[y, x], out[y, width - 1 - x] = right, left
