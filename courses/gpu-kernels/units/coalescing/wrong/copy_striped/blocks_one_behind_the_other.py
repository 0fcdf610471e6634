# finding: unwritten
@cuda.jit
def copy_striped(image, items, out):
    for k in range(items):
        i = cuda.grid(1) + k * cuda.blockDim.x
        if i < image.shape[0]:
            out[i] = image[i]
