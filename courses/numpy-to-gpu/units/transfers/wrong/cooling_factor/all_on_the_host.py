# finding: host-fallback
def cooling_factor(matrix, start, steps, check_every):
    table, v = cp.asnumpy(matrix), cp.asnumpy(start)
    for _ in range(steps):
        v = table @ v
        v = v / np.linalg.norm(v)
    return cp.asarray(v @ table @ v)
