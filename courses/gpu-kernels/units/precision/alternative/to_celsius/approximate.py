@cuda.jit(fastmath=True)
def to_celsius(raw, r, b, f, out):
    i = cuda.grid(1)
    if i >= raw.size:
        return
    kelvin = b / math.log(r / np.float32(raw[i]) + f)
    out[i] = kelvin - np.float32(273.15)
