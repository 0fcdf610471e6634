# finding: float64
# line: 6
@cuda.jit
def to_celsius(raw, r, b, f, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        value = np.float32(raw[i])
        out[i] = b / math.log(r / value + f) - 273.15
