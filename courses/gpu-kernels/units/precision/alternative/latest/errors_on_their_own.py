@cuda.jit
def latest(first, changes, out):
    steps, pixels = changes.shape
    for i in range(cuda.grid(1), pixels, cuda.gridsize(1)):
        total = first[i]
        errors = np.float32(0)
        for k in range(steps):
            change = changes[k, i]
            new = total + change
            part = new - total
            errors += (total - (new - part)) + (change - part)
            total = new
        out[i] = total + errors
