# finding: out-of-bounds
# line: 4
@cuda.jit
def to_celsius(raw, r, b, f, out):
    i = cuda.grid(1)
    value = np.float32(raw[i])
    out[i] = b / math.log(r / value + f) - np.float32(273.15)
