# finding: wrong-result
def simulate(temps, right, down, rate, steps):
    height, width = temps.shape
    right = cp.pad(right, ((0, 0), (0, 1)), mode="edge") if width > 1 else cp.zeros_like(temps)
    down = cp.pad(down, ((0, 1), (0, 0)), mode="edge") if height > 1 else cp.zeros_like(temps)
    now = temps.copy()
    for _ in range(steps):
        along = rate * right * (cp.roll(now, -1, axis=1) - now)
        across = rate * down * (cp.roll(now, -1, axis=0) - now)
        now = now + along - cp.roll(along, 1, axis=1) + across - cp.roll(across, 1, axis=0)
    return now
