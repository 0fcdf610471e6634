# finding: wrong-result
@cuda.jit(device=True)
def face(one, other):
    if one * other > 0:
        return np.float32(2) * one * other / (one + other)
    return np.float32(0)


@cuda.jit
def tile_step(now, conduct, rate, out):
    heat = cuda.shared.array((10, 34), np.float32)
    lead = cuda.shared.array((10, 34), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    height, width = now.shape
    top, left = 8 * cuda.blockIdx.y - 1, 32 * cuda.blockIdx.x - 1
    for place in range(32 * ty + tx, 340, 256):
        row, col = place // 34, place % 34
        y, x = top + row, left + col
        if 0 <= y < height and 0 <= x < width:
            heat[row, col] = now[y, x]
            lead[row, col] = conduct[y, x]
        else:
            heat[row, col] = 0
            lead[row, col] = 0
    cuda.syncthreads()
    row, col = ty + 1, tx + 1
    y, x = top + row, left + col
    if y < height and x < width:
        own, k = heat[row, col], lead[row, col]
        change = face(k, lead[row - 1, col]) * (heat[row - 1, col] - own)
        change += face(k, lead[row + 1, col]) * (heat[row + 1, col] - own)
        change += face(k, lead[row, col - 1]) * (heat[row, col - 1] - own)
        change += face(k, lead[row, col - 1]) * (heat[row, col + 1] - own)
        out[y, x] = own + rate * change
