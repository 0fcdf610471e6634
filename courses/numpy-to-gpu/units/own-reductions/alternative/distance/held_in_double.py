squares = cp.ReductionKernel(
    in_params="T film, T reference",
    out_params="T length",
    map_expr="square(film - reference)",
    reduce_expr="a + b",
    post_map_expr="length = sqrt(a)",
    identity="0",
    reduce_type="double",
    preamble="__device__ double square(double value) { return value * value; }",
)


def distance(film, reference, axis):
    return squares(film, reference, axis=axis)
