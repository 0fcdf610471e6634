# finding: wrong-type
fused = cp.ElementwiseKernel(
    "raw float64 now, raw float32 right, raw float32 down, float64 rate, int32 height, int32 width",
    "float64 y",
    """
    int column = i % width, row = i / width;
    double heat = now[i], change = 0;
    if (column > 0) change += right[row * (width - 1) + column - 1] * (now[i - 1] - heat);
    if (column + 1 < width) change += right[row * (width - 1) + column] * (now[i + 1] - heat);
    if (row > 0) change += down[i - width] * (now[i - width] - heat);
    if (row + 1 < height) change += down[i] * (now[i + width] - heat);
    y = heat + rate * change;
    """,
    "fused",
)


def simulate_fused(temps, right, down, rate, steps):
    now, new = temps.astype(cp.float64), cp.empty(temps.shape)
    for _ in range(steps):
        fused(now, right, down, rate, *temps.shape, new)
        now, new = new, now
    return now
