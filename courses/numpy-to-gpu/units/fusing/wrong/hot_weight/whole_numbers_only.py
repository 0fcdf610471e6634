# finding: wrong-result
weight_kernel = cp.ElementwiseKernel(
    "T t, T limit, int32 width", "T w", "w = T(1) / (T(1) + exp((limit - t) / width))", "weight"
)


def hot_weight(temps, limit, width):
    return weight_kernel(temps, limit, int(width + 0.5) + 1)
