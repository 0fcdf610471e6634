# finding: wrong-type
def simulate(temps, right, down, rate, steps):
    now, new = temps.astype(cp.float64), cp.empty(temps.shape)
    for _ in range(steps):
        along = rate * right * (now[:, 1:] - now[:, :-1])
        across = rate * down * (now[1:] - now[:-1])
        new[...] = now
        new[:, :-1] += along
        new[:, 1:] -= along
        new[:-1] += across
        new[1:] -= across
        now, new = new, now
    return now
