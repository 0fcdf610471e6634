# finding: wrong-result
def simulate(temps, right, down, rate, steps):
    now = temps.copy()
    for _ in range(steps):
        along = rate * right * (now[:, 1:] - now[:, :-1])
        now[:, :-1] += along
        now[:, 1:] -= along
        across = rate * down * (now[1:] - now[:-1])
        now[:-1] += across
        now[1:] -= across
    return now
