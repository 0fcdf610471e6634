def flows(now, coefficient, axis, out):
    cp.subtract(*((now[:, 1:], now[:, :-1]) if axis else (now[1:], now[:-1])), out=out)
    out *= coefficient


def simulate(temps, right, down, rate, steps):
    buffers = [temps.copy(), temps.copy()]
    right, down = right * rate, down * rate
    along, across = cp.empty_like(right), cp.empty_like(down)
    for step in range(steps):
        old, new = buffers[step % 2], buffers[(step + 1) % 2]
        flows(old, right, 1, along)
        flows(old, down, 0, across)
        cp.copyto(new, old)
        new[:-1] += across
        new[:, :-1] += along
        new[1:] -= across
        new[:, 1:] -= along
    return buffers[steps % 2]
