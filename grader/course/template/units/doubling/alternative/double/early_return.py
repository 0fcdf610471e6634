@cuda.jit
def double(x, out):
    i = cuda.grid(1)
    if i >= out.size:
        return
    out[i] = x[i] + x[i]
