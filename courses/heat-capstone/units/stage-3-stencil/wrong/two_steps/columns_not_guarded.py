# finding: out-of-bounds
@cuda.jit(device=True)
def face(one, other):
    if one * other > 0:
        return np.float32(2) * one * other / (one + other)
    return np.float32(0)


@cuda.jit(device=True)
def stepped(heat, row, col, lead, shift, rate):
    # The cell at heat[row, col] lies at lead[row + shift, col + shift].
    own, k = heat[row, col], lead[row + shift, col + shift]
    change = face(k, lead[row + shift - 1, col + shift]) * (heat[row - 1, col] - own)
    change += face(k, lead[row + shift + 1, col + shift]) * (heat[row + 1, col] - own)
    change += face(k, lead[row + shift, col + shift - 1]) * (heat[row, col - 1] - own)
    change += face(k, lead[row + shift, col + shift + 1]) * (heat[row, col + 1] - own)
    return own + rate * change


@cuda.jit
def two_steps(now, conduct, rate, out):
    heat = cuda.shared.array((12, 36), np.float32)
    lead = cuda.shared.array((12, 36), np.float32)
    half = cuda.shared.array((10, 34), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    t = 32 * ty + tx
    height, width = now.shape
    top, left = 8 * cuda.blockIdx.y - 2, 32 * cuda.blockIdx.x - 2
    for p in range(t, 432, 256):
        row, col = p // 36, p % 36
        y, x = top + row, left + col
        inside = 0 <= y < height and 0 <= x
        heat[row, col] = now[y, x] if inside else np.float32(0)
        lead[row, col] = conduct[y, x] if inside else np.float32(0)
    cuda.syncthreads()
    for p in range(t, 340, 256):
        row, col = p // 34, p % 34
        half[row, col] = stepped(heat, row + 1, col + 1, lead, 0, rate)
    cuda.syncthreads()
    y, x = top + ty + 2, left + tx + 2
    if y < height and x < width:
        out[y, x] = stepped(half, ty + 1, tx + 1, lead, 1, rate)
