# finding: many-launches
def simulate(temps, right, down, rate, steps):
    now, new = temps.copy(), cp.empty_like(temps)
    height, width = temps.shape
    for _ in range(steps):
        new[...] = now
        for y in range(height):
            along = rate * right[y] * (now[y, 1:] - now[y, :-1])
            new[y, :-1] += along
            new[y, 1:] -= along
        for y in range(height - 1):
            across = rate * down[y] * (now[y + 1] - now[y])
            new[y] += across
            new[y + 1] -= across
        now, new = new, now
    return now
