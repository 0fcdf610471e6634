# finding: input-changed
def cooling_factor(matrix, start, steps, check_every):
    v = start
    for _ in range(steps):
        v[:] = matrix @ v
        v /= cp.linalg.norm(v)
    return v @ (matrix @ v)
