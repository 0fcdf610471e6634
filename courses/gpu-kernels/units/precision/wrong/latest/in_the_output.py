# finding: wrong-result
@cuda.jit
def latest(first, changes, out):
    i = cuda.grid(1)
    if i < first.shape[0]:
        out[i] = first[i]
        for k in range(changes.shape[0]):
            out[i] += changes[k, i]
