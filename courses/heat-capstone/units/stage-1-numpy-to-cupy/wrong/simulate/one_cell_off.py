# finding: wrong-result
def simulate(temps, right, down, rate, steps):
    now, new = temps.copy(), cp.empty_like(temps)
    for _ in range(steps):
        new[...] = now
        new[:, :-1] += rate * right * (now[:, 1:] - now[:, :-1])
        new[:, 1:-1] -= rate * right[:, 1:] * (now[:, 1:-1] - now[:, :-2])
        new[:, -1:] -= rate * right[:, -1:] * (now[:, -1:] - now[:, -2:-1]) if now.shape[1] > 1 else 0
        across = rate * down * (now[1:] - now[:-1])
        new[:-1] += across
        new[1:] -= across
        now, new = new, now
    return now
