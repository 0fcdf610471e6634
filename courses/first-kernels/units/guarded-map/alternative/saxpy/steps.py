@cuda.jit
def saxpy(a, x, y, out):
    i = cuda.grid(1)
    n = len(out)
    if i < n:
        product = a * x[i]
        out[i] = product + y[i]
