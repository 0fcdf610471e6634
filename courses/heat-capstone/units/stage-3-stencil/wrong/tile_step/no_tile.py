# finding: slow
@cuda.jit(device=True)
def face(one, other):
    if one * other > 0:
        return np.float32(2) * one * other / (one + other)
    return np.float32(0)


@cuda.jit
def tile_step(now, conduct, rate, out):
    x, y = cuda.grid(2)
    height, width = now.shape
    if y < height and x < width:
        own, k, change = now[y, x], conduct[y, x], np.float32(0)
        if y > 0:
            change += face(k, conduct[y - 1, x]) * (now[y - 1, x] - own)
        if y + 1 < height:
            change += face(k, conduct[y + 1, x]) * (now[y + 1, x] - own)
        if x > 0:
            change += face(k, conduct[y, x - 1]) * (now[y, x - 1] - own)
        if x + 1 < width:
            change += face(k, conduct[y, x + 1]) * (now[y, x + 1] - own)
        out[y, x] = own + rate * change
