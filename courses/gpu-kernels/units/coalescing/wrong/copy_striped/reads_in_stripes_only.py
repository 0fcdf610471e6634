# finding: wrong-result
@cuda.jit
def copy_striped(image, items, out):
    first = cuda.blockIdx.x * cuda.blockDim.x * items
    for k in range(items):
        source = first + k * cuda.blockDim.x + cuda.threadIdx.x
        target = first + cuda.threadIdx.x * items + k
        if source < image.shape[0] and target < image.shape[0]:
            out[target] = image[source]
