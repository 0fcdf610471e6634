# finding: host-fallback
def cooling_factor(matrix, start, steps, check_every):
    v = start / cp.linalg.norm(start)
    for _ in range(steps):
        previous = v
        v = matrix @ v
        v = v / cp.linalg.norm(v)
        if (abs(v - previous) < 1e-5).all():
            break
    return v @ (matrix @ v)
