# finding: uncoalesced
@cuda.jit
def even_out(raw, offset, out):
    y, x = cuda.grid(2)
    width, height = raw.shape
    if y < width and x < height:
        out[y, x] = raw[y, x] - offset[y]
