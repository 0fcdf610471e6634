# finding: race
# line: 5
@cuda.jit
def hottest(raw, most):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        most[0] = max(most[0], raw[i])
