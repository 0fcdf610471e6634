@cuda.jit
def mirror(image, out):
    x, y = cuda.grid(2)
    if y < image.shape[0] and x < image.shape[1]:
        out[y, image.shape[1] - x - 1] = image[y, x]
