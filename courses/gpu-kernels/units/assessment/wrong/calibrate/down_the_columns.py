# finding: uncoalesced
@cuda.jit
def calibrate(raw, dark, gain, limit, heat, dead):
    y, x = cuda.grid(2)
    height, width = raw.shape
    if x < width and y < height:
        value = raw[y, x]
        is_dead = value == 0 or value >= limit
        warmth = (np.float32(value) - dark[y, x]) * gain[y, x]
        heat[y, x] = np.float32(-300) if is_dead else warmth
        dead[y, x] = 1 if is_dead else 0
