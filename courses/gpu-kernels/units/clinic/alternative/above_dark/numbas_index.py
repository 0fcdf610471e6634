@cuda.jit
def above_dark(raw, dark, out):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = raw[i] - dark[i]
