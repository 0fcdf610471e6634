# finding: uncoalesced
@cuda.jit
def even_out(raw, offset, out):
    x, part = cuda.grid(2)
    width, height = raw.shape
    if x < width and part == 0:
        for y in range(height):
            out[x, y] = raw[x, y] - offset[x]
