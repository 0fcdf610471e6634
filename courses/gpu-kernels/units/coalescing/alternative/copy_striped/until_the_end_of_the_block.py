@cuda.jit
def copy_striped(image, items, out):
    threads = cuda.blockDim.x
    begin = cuda.blockIdx.x * threads * items
    end = min(begin + threads * items, len(image))
    for i in range(begin + cuda.threadIdx.x, end, threads):
        out[i] = image[i]
