def some_steps(matrix, v, count):
    for _ in range(count):
        previous, v = v, matrix @ v
        v /= cp.sqrt((v * v).sum())
    return v, cp.linalg.norm(v - previous)


def cooling_factor(matrix, start, steps, check_every):
    done, v = 0, start.copy()
    while done < steps:
        count = min(check_every, steps - done)
        v, change = some_steps(matrix, v, count)
        done += count
        if change.item() < 1e-6:
            break
    return cp.dot(v, matrix @ v)
