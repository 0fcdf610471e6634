# finding: out-of-bounds
@cuda.jit
def latest(first, changes, out):
    i = cuda.grid(1)
    if i < first.shape[0]:
        total, lost = first[i], np.float32(0)
        for k in range(changes.shape[1]):
            wanted = changes[k, i] - lost
            new = total + wanted
            lost = (new - total) - wanted
            total = new
        out[i] = total
