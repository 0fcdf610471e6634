# finding: uncoalesced
# line: 6
@cuda.jit
def even_out(raw, offset, out):
    x, y = cuda.grid(2)
    width, height = raw.shape
    if x < width and y < height:
        out[x, y] = raw[x, y] - offset[x]
