# finding: unwritten
@cuda.jit
def to_celsius(raw, r, b, f, out):
    i = cuda.threadIdx.x
    if i < raw.shape[0]:
        value = np.float32(raw[i])
        out[i] = b / math.log(r / value + f) - np.float32(273.15)
