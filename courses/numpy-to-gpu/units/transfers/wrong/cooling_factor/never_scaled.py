# finding: wrong-result
def cooling_factor(matrix, start, steps, check_every):
    v = start
    for _ in range(steps):
        v = matrix @ v
    return (v @ (matrix @ v)) / (v @ v)
