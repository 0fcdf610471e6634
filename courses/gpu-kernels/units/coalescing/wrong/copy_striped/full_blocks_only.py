# finding: unwritten
@cuda.jit
def copy_striped(image, items, out):
    begin = cuda.blockIdx.x * cuda.blockDim.x * items
    if begin + cuda.blockDim.x * items <= image.shape[0]:
        for k in range(items):
            i = begin + k * cuda.blockDim.x + cuda.threadIdx.x
            out[i] = image[i]
