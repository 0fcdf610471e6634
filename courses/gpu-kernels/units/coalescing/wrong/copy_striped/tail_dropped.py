# finding: unwritten
@cuda.jit
def copy_striped(image, items, out):
    step = cuda.gridsize(1)
    for k in range(image.shape[0] // step):
        i = cuda.grid(1) + k * step
        out[i] = image[i]
