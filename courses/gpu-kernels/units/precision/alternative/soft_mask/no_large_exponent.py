@cuda.jit
def soft_mask(heat, limit, width, out):
    i = cuda.grid(1)
    if i >= out.shape[0]:
        return
    power = math.exp(-abs(heat[i] - limit) / width)
    low = power / (np.float32(1) + power)
    out[i] = low if heat[i] < limit else np.float32(1) - low
