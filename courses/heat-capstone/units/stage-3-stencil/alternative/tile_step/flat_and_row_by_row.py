ROW = 34


@cuda.jit(device=True)
def flow(heat, lead, place, neighbour):
    product = lead[place] * lead[neighbour]
    if product == np.float32(0):
        return np.float32(0)
    return (product + product) / (lead[place] + lead[neighbour]) * (heat[neighbour] - heat[place])


@cuda.jit
def tile_step(now, conduct, rate, out):
    heat = cuda.shared.array(340, np.float32)
    lead = cuda.shared.array(340, np.float32)
    x, y = cuda.grid(2)
    first_row, first_col = cuda.blockIdx.y * 8, cuda.blockIdx.x * 32
    for row in range(cuda.threadIdx.y, 10, 8):
        for col in range(cuda.threadIdx.x, ROW, 32):
            yy, xx = first_row + row - 1, first_col + col - 1
            there = yy >= 0 and xx >= 0 and yy < now.shape[0] and xx < now.shape[1]
            heat[row * ROW + col] = now[yy, xx] if there else np.float32(0)
            lead[row * ROW + col] = conduct[yy, xx] if there else np.float32(0)
    cuda.syncthreads()
    i = (cuda.threadIdx.y + 1) * ROW + cuda.threadIdx.x + 1
    total = flow(heat, lead, i, i - 1) + flow(heat, lead, i, i + 1)
    total += flow(heat, lead, i, i - ROW) + flow(heat, lead, i, i + ROW)
    if y < now.shape[0] and x < now.shape[1]:
        out[y, x] = heat[i] + rate * total
