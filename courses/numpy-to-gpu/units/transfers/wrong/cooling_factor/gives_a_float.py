# finding: wrong-type
def cooling_factor(matrix, start, steps, check_every):
    v = start / cp.linalg.norm(start)
    for _ in range(steps):
        v = matrix @ v
        v = v / cp.linalg.norm(v)
    return float(v @ (matrix @ v))
