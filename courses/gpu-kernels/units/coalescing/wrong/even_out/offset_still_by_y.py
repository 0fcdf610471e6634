# finding: out-of-bounds
@cuda.jit
def even_out(raw, offset, out):
    y, x = cuda.grid(2)
    width, height = raw.shape
    if x < width and y < height:
        out[x, y] = raw[x, y] - offset[y]
