ZERO = np.float32(273.15)


@cuda.jit(device=True)
def kelvin(value, r, b, f):
    return b / math.log(r / value + f)


@cuda.jit
def to_celsius(raw, r, b, f, out):
    for i in range(cuda.grid(1), raw.shape[0], cuda.gridsize(1)):
        out[i] = kelvin(np.float32(raw[i]), r, b, f) - ZERO
