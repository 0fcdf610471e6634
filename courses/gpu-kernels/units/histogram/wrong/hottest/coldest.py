# finding: unwritten
@cuda.jit
def hottest(raw, most):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        cuda.atomic.min(most, 0, raw[i])
