# finding: float64
@cuda.jit
def to_celsius(raw, r, b, f, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        logarithm = math.log(r + f * np.float32(raw[i])) - math.log(raw[i])
        out[i] = b / np.float32(logarithm) - np.float32(273.15)
