# finding: unwritten
@cuda.jit
def copy_striped(image, items, out):
    first = cuda.blockIdx.x * cuda.blockDim.x * items + cuda.threadIdx.x
    for k in range(min(items, 16)):
        i = first + k * cuda.blockDim.x
        if i < image.shape[0]:
            out[i] = image[i]
