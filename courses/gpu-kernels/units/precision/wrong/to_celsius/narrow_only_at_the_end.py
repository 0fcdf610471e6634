# finding: float64
@cuda.jit
def to_celsius(raw, r, b, f, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        out[i] = np.float32(b / math.log(r / raw[i] + f) - 273.15)
