# finding: wrong-type
def simulate(temps, right, down, rate, steps):
    rate = cp.full(temps.shape, rate)
    now = temps.copy()
    for _ in range(steps):
        new = cp.empty(now.shape)
        along = rate[:, 1:] * right * (now[:, 1:] - now[:, :-1])
        across = rate[1:] * down * (now[1:] - now[:-1])
        new[...] = now
        new[:, :-1] += along
        new[:, 1:] -= along
        new[:-1] += across
        new[1:] -= across
        now, new = new, now
    return now
