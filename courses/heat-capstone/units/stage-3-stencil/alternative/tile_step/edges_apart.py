@cuda.jit
def tile_step(now, conduct, rate, out):
    temps = cuda.shared.array((10, 34), np.float32)
    leads = cuda.shared.array((10, 34), np.float32)
    x, y = cuda.grid(2)
    tx, ty = cuda.threadIdx.x + 1, cuda.threadIdx.y + 1
    bottom, right = now.shape[0] - 1, now.shape[1] - 1
    # The nearest cell stands for one outside: as warm as itself, so nothing flows.
    cy, cx = min(y, bottom), min(x, right)
    temps[ty, tx] = now[cy, cx]
    leads[ty, tx] = conduct[cy, cx]
    if tx == 1:
        temps[ty, 0] = now[cy, max(cx - 1, 0)]
        leads[ty, 0] = conduct[cy, max(cx - 1, 0)]
    if tx == 32:
        temps[ty, 33] = now[cy, min(x + 1, right)]
        leads[ty, 33] = conduct[cy, min(x + 1, right)]
    if ty == 1:
        temps[0, tx] = now[max(y - 1, 0), cx]
        leads[0, tx] = conduct[max(y - 1, 0), cx]
    if ty == 8:
        temps[9, tx] = now[min(y + 1, bottom), cx]
        leads[9, tx] = conduct[min(y + 1, bottom), cx]
    cuda.syncthreads()
    if x > right or y > bottom:
        return
    own, mine = temps[ty, tx], leads[ty, tx]
    total = np.float32(0)
    if mine > 0:
        for side in range(4):
            row = ty + (side == 0) - (side == 1)
            col = tx + (side == 2) - (side == 3)
            other = leads[row, col]
            total += np.float32(2) * mine * other / (mine + other) * (temps[row, col] - own)
    out[y, x] = own + rate * total
