# finding: host-fallback
@cp.fuse()
def sigmoid(t, limit, width):
    return 1.0 / (1.0 + cp.exp((limit - t) / width))


def hot_weight(temps, limit, width):
    return sigmoid(temps, float(limit.mean()), width)
