# finding: wrong-result
@cp.fuse()
def sigmoid(t, limit):
    return 1.0 / (1.0 + cp.exp(limit - t))


def hot_weight(temps, limit, width):
    return sigmoid(temps, limit)
