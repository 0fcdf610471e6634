@cuda.jit
def calibrate(raw, dark, gain, limit, heat, dead):
    first, top = cuda.grid(2)
    across, down = cuda.gridsize(2)
    for y in range(top, raw.shape[0], down):
        for x in range(first, raw.shape[1], across):
            alive = np.int32(raw[y, x] != 0) * np.int32(raw[y, x] < limit)
            dead[y, x] = 1 - alive
            heat[y, x] = alive * (raw[y, x] - dark[y, x]) * gain[y, x] - 300 * (1 - alive)
