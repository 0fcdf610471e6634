@cuda.jit
def latest(first, changes, out):
    i = cuda.grid(1)
    if i >= first.size:
        return
    unit = np.float32(1 << 30)
    total = np.int64(first[i] * unit)
    for k in range(changes.shape[0]):
        total += np.int64(changes[k, i] * unit)
    out[i] = np.float32(total) / unit
