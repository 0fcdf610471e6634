@cuda.jit
def two_steps(now, conduct, rate, out):
    heat = cuda.shared.array((2, 12, 36), np.float32)
    lead = cuda.shared.array((12, 36), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    height, width = now.shape
    top, left = 8 * cuda.blockIdx.y - 2, 32 * cuda.blockIdx.x - 2
    for row in range(ty, 12, 8):
        for col in range(tx, 36, 32):
            y, x = top + row, left + col
            if y < 0 or x < 0 or y >= height or x >= width:
                heat[0, row, col] = np.float32(0)
                lead[row, col] = np.float32(0)
            else:
                heat[0, row, col] = now[y, x]
                lead[row, col] = conduct[y, x]
    cuda.syncthreads()
    for step in range(2):
        margin = step + 1
        for row in range(margin + ty, 12 - margin, 8):
            for col in range(margin + tx, 36 - margin, 32):
                own, k, change = heat[step, row, col], lead[row, col], np.float32(0)
                for side in range(4):
                    yy = row + (side == 0) - (side == 1)
                    xx = col + (side == 2) - (side == 3)
                    other = lead[yy, xx]
                    if k > 0 and other > 0:
                        change += np.float32(2) * k * other / (k + other) * (heat[step, yy, xx] - own)
                heat[1 - step, row, col] = own + rate * change
        cuda.syncthreads()
    if top + ty + 2 < height and left + tx + 2 < width:
        out[top + ty + 2, left + tx + 2] = heat[0, ty + 2, tx + 2]
