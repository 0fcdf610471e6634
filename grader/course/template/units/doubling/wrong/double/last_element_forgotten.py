# finding: unwritten
@cuda.jit
def double(x, out):
    i = cuda.grid(1)
    if i < x.shape[0] - 1:
        out[i] = 2 * x[i]
