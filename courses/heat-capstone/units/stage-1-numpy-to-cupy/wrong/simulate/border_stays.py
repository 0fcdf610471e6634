# finding: wrong-result
def simulate(temps, right, down, rate, steps):
    now = temps.copy()
    for _ in range(steps):
        along = rate * right * (now[:, 1:] - now[:, :-1])
        across = rate * down * (now[1:] - now[:-1])
        new = now.copy()
        new[1:-1, 1:-1] += along[1:-1, 1:] - along[1:-1, :-1] + across[1:, 1:-1] - across[:-1, 1:-1]
        now = new
    return now
