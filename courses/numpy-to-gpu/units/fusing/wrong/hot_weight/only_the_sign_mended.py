# finding: wrong-type
weight_kernel = cp.ElementwiseKernel(
    "float32 t, float32 limit, float32 width", "float32 w", "w = 1.0f / (1.0f + exp((limit - t) / width))", "weight"
)


def hot_weight(temps, limit, width):
    return weight_kernel(temps.astype("f4", copy=False), limit.astype("f4", copy=False), width)
