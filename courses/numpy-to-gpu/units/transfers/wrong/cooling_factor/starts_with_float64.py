# finding: wrong-type
def cooling_factor(matrix, start, steps, check_every):
    v = start.astype(float)
    for _ in range(steps):
        v = matrix @ v
        v = v / cp.linalg.norm(v)
    return v @ (matrix @ v)
