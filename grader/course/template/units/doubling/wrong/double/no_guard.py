# finding: out-of-bounds
@cuda.jit
def double(x, out):
    i = cuda.grid(1)
    out[i] = 2 * x[i]
