# finding: out-of-bounds
# line: 4
@cuda.jit
def hottest(raw, most):
    i = cuda.grid(1)
    cuda.atomic.max(most, 0, raw[i])
