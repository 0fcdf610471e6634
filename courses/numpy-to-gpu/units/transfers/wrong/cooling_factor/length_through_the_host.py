# finding: host-fallback
def cooling_factor(matrix, start, steps, check_every):
    v = start / cp.linalg.norm(start)
    for _ in range(steps):
        v = matrix @ v
        v = v / float(cp.linalg.norm(v))
    return v @ (matrix @ v)
