# finding: wrong-result
@cuda.jit
def to_celsius(raw, r, b, f, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        value = np.float32(raw[i])
        kelvin = np.int32(b / math.log(r / value + f))
        out[i] = np.float32(kelvin) - np.float32(273.15)
