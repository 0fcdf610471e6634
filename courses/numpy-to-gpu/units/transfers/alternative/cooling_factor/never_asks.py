def cooling_factor(matrix, start, steps, check_every):
    v = start
    for _ in range(steps):
        w = matrix @ v
        v = w / abs(w).max()
    return v.dot(matrix.dot(v)) / v.dot(v)
