# finding: race
@cuda.jit
def hottest(raw, most):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        if raw[i] > most[0]:
            most[0] = raw[i]
