@cuda.jit
def heat_step(heat, rate, out):
    tile = cuda.shared.array((8, 32), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    x, y = cuda.grid(2)
    height, width = heat.shape
    if x < width and y < height:
        tile[ty, tx] = heat[y, x]
    cuda.syncthreads()
    if x < width and y < height:
        own = tile[ty, tx]
        west = east = north = south = own
        if x > 0:
            west = tile[ty, tx - 1] if tx > 0 else heat[y, x - 1]
        if x < width - 1:
            east = tile[ty, tx + 1] if tx < 31 else heat[y, x + 1]
        if y > 0:
            north = tile[ty - 1, tx] if ty > 0 else heat[y - 1, x]
        if y < height - 1:
            south = tile[ty + 1, tx] if ty < 7 else heat[y + 1, x]
        out[y, x] = own + rate * (west + east + north + south - np.float32(4) * own)
