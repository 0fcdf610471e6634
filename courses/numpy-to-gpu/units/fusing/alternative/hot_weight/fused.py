def sigmoid(t, limit, width):
    return 1.0 / (1.0 + cp.exp((limit - t) / width))


fused_sigmoid = cp.fuse(sigmoid)


def hot_weight(temps, limit, width):
    return fused_sigmoid(temps, limit, width)
