# finding: exception
# line: 10
@cuda.jit
def subtract_kernel(raw, dark, out):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i] = raw[i] - dark[i]


def subtract_dark(raw, dark):
    out = cuda.device_array_like(raw)
    subtract_kernel[1, raw.shape[0]](raw, dark, out)
    return out
