@cuda.jit
def even_out(raw, offset, out):
    last, first = cuda.grid(2)
    if first >= out.shape[0] or last >= out.shape[1]:
        return
    out[first, last] = raw[first, last] - offset[first]
