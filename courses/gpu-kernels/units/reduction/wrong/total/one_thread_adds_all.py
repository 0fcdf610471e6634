# finding: wrong-result
@cuda.jit
def total(heat, out):
    if cuda.grid(1) == 0:
        own = np.float32(0)
        for value in heat:
            own += value
        out[0] = own
