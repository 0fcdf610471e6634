# finding: wrong-result
@cuda.jit
def latest(first, changes, out):
    i = cuda.grid(1)
    if i < first.shape[0]:
        total = first[i]
        for k in range(changes.shape[0]):
            total += changes[k, i]
        out[i] = total
