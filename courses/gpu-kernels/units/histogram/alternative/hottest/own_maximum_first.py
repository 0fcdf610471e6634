@cuda.jit
def hottest(raw, most):
    i = cuda.grid(1)
    if i >= raw.size:
        return
    best = raw[i]
    for k in range(i, raw.size, cuda.gridsize(1)):
        best = max(best, raw[k])
    cuda.atomic.max(most, 0, best)
