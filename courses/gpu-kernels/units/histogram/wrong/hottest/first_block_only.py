# finding: wrong-result
@cuda.jit
def hottest(raw, most):
    i = cuda.threadIdx.x
    if i < raw.shape[0]:
        cuda.atomic.max(most, 0, raw[i])
