@cuda.jit
def latest(first, changes, out):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i < out.shape[0]:
        large, small = first[i], np.float32(0)
        for k in range(changes.shape[0]):
            change = changes[k, i]
            if abs(change) < np.float32(1):
                small += change
            else:
                new = large + change
                small += change - (new - large)
                large = new
        out[i] = large + small
