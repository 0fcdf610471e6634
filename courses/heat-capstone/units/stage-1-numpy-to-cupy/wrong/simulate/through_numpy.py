# finding: host-fallback
def simulate(temps, right, down, rate, steps):
    now = cp.asnumpy(temps)
    right, down = rate * cp.asnumpy(right), rate * cp.asnumpy(down)
    for _ in range(steps):
        along, across = right * np.diff(now, axis=1), down * np.diff(now, axis=0)
        now = now + np.pad(along, ((0, 0), (0, 1))) - np.pad(along, ((0, 0), (1, 0)))
        now += np.pad(across, ((0, 1), (0, 0))) - np.pad(across, ((1, 0), (0, 0)))
    return cp.asarray(now.astype(np.float32))
