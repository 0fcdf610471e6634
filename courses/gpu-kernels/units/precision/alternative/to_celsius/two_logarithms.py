@cuda.jit
def to_celsius(raw, r, b, f, out):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i < out.shape[0]:
        seen = np.float32(raw[i])
        bits = math.log2(r + f * seen) - math.log2(seen)
        out[i] = b / (bits * np.float32(0.69314718)) - np.float32(273.15)
