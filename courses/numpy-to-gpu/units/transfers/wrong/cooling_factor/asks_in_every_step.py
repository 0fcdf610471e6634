# finding: host-fallback
def cooling_factor(matrix, start, steps, check_every):
    v = start / cp.linalg.norm(start)
    for _ in range(steps):
        previous = v
        v = matrix @ v
        v = v / cp.linalg.norm(v)
        if float(abs(v - previous).max()) < 1e-5:
            break
    return v @ (matrix @ v)
