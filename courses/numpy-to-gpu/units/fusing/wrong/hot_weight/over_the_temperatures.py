# finding: input-changed
weight_kernel = cp.ElementwiseKernel(
    "T t, T limit, T width", "T w", "w = T(1) / (T(1) + exp((limit - t) / width))", "weight"
)


def hot_weight(temps, limit, width):
    weight_kernel(temps, limit, width, temps)
    return temps
