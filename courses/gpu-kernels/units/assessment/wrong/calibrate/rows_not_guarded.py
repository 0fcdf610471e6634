# finding: out-of-bounds
@cuda.jit
def calibrate(raw, dark, gain, limit, heat, dead):
    x, y = cuda.grid(2)
    height, width = raw.shape
    if x < width:
        value = raw[y, x]
        is_dead = value == 0 or value >= limit
        warmth = (np.float32(value) - dark[y, x]) * gain[y, x]
        heat[y, x] = np.float32(-300) if is_dead else warmth
        dead[y, x] = 1 if is_dead else 0
