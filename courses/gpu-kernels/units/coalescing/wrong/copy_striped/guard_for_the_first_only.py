# finding: out-of-bounds
# line: 7
@cuda.jit
def copy_striped(image, items, out):
    first = cuda.blockIdx.x * cuda.blockDim.x * items + cuda.threadIdx.x
    if first < image.shape[0]:
        for k in range(items):
            i = first + k * cuda.blockDim.x
            out[i] = image[i]
