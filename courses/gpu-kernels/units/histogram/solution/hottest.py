@cuda.jit
def hottest(raw, most):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        cuda.atomic.max(most, 0, raw[i])
