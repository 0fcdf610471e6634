# finding: out-of-bounds
@cuda.jit
def even_out(raw, offset, out):
    y, x = cuda.grid(2)
    if y < raw.shape[1]:
        out[x, y] = raw[x, y] - offset[x]
