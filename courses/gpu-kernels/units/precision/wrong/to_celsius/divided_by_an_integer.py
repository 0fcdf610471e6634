# finding: float64
# line: 5
@cuda.jit
def to_celsius(raw, r, b, f, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        ratio = r / raw[i]
        out[i] = b / math.log(ratio + f) - np.float32(273.15)
