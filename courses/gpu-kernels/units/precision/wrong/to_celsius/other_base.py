# finding: wrong-result
@cuda.jit
def to_celsius(raw, r, b, f, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        value = np.float32(raw[i])
        out[i] = b / math.log10(r / value + f) - np.float32(273.15)
