# finding: slow
@cuda.jit(device=True)
def cell(now, conduct, rate, y, x):
    height, width = now.shape
    own, k, change = now[y, x], conduct[y, x], np.float32(0)
    for side in range(4):
        yy, xx = y + (side == 1) - (side == 0), x + (side == 3) - (side == 2)
        if 0 <= yy < height and 0 <= xx < width and k * conduct[yy, xx] > 0:
            change += np.float32(2) * k * conduct[yy, xx] / (k + conduct[yy, xx]) * (now[yy, xx] - own)
    return own + rate * change


@cuda.jit
def two_steps(now, conduct, rate, out):
    x, y = cuda.grid(2)
    height, width = now.shape
    if y >= height or x >= width:
        return
    own, k, change = cell(now, conduct, rate, y, x), conduct[y, x], np.float32(0)
    for side in range(4):
        yy, xx = y + (side == 1) - (side == 0), x + (side == 3) - (side == 2)
        if 0 <= yy < height and 0 <= xx < width and k * conduct[yy, xx] > 0:
            heat = cell(now, conduct, rate, yy, xx)
            change += np.float32(2) * k * conduct[yy, xx] / (k + conduct[yy, xx]) * (heat - own)
    out[y, x] = own + rate * change
