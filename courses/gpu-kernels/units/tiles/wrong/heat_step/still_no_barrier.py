# finding: race
@cuda.jit
def heat_step(heat, rate, out):
    tile = cuda.shared.array((10, 34), np.float32)
    tx, ty = cuda.threadIdx.x + 1, cuda.threadIdx.y + 1
    x, y = cuda.grid(2)
    height, width = heat.shape
    inside = x < width and y < height
    if inside:
        tile[ty, tx] = heat[y, x]
        if tx == 1:
            tile[ty, 0] = heat[y, max(x - 1, 0)]
        if tx == 32 or x == width - 1:
            tile[ty, tx + 1] = heat[y, min(x + 1, width - 1)]
        if ty == 1:
            tile[0, tx] = heat[max(y - 1, 0), x]
        if ty == 8 or y == height - 1:
            tile[ty + 1, tx] = heat[min(y + 1, height - 1), x]
    if inside:
        around = tile[ty, tx - 1] + tile[ty, tx + 1] + tile[ty - 1, tx] + tile[ty + 1, tx]
        out[y, x] = tile[ty, tx] + rate * (around - np.float32(4) * tile[ty, tx])
