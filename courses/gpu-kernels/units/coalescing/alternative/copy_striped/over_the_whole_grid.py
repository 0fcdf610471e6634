@cuda.jit
def copy_striped(image, items, out):
    for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        out[i] = image[i]
