# finding: host-fallback
def simulate(temps, right, down, rate, steps):
    now = temps.copy()
    for _ in range(steps):
        old = now.get()
        along = rate * right * cp.asarray(old[:, 1:] - old[:, :-1])
        across = rate * down * cp.asarray(old[1:] - old[:-1])
        now = now + cp.pad(along, ((0, 0), (0, 1))) - cp.pad(along, ((0, 0), (1, 0)))
        now = now + cp.pad(across, ((0, 1), (0, 0))) - cp.pad(across, ((1, 0), (0, 0)))
    return now
