# finding: wrong-result
def cooling_factor(matrix, start, steps, check_every):
    v = start / cp.linalg.norm(start)
    for step in range(1, steps + 1):
        previous = v
        v[:] = matrix @ v
        v /= cp.linalg.norm(v)
        if (step == 1 or step % check_every == 0) and float(abs(v - previous).max()) < 1e-5:
            break
    return v @ (matrix @ v)
