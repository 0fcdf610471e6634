# finding: unwritten
@cuda.jit
def even_out(raw, offset, out):
    y, x = cuda.grid(2)
    width, height = raw.shape
    if x < min(width, height) and y < min(width, height):
        out[x, y] = raw[x, y] - offset[x]
