def simulate(temps, right, down, rate, steps):
    height, width = temps.shape
    along = cp.zeros((height, width + 1), temps.dtype)
    across = cp.zeros((height + 1, width), temps.dtype)
    now = temps.copy()
    for _ in range(steps):
        along[:, 1:-1] = right * (now[:, 1:] - now[:, :-1])
        across[1:-1] = down * (now[1:] - now[:-1])
        now = now + rate * (along[:, 1:] - along[:, :-1] + across[1:] - across[:-1])
    return now
