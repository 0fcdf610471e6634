# finding: many-launches
@cuda.jit
def subtract_kernel(raw, dark, out):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i] = raw[i] - dark[i]


def subtract_dark(raw, dark):
    out = cuda.device_array_like(raw)
    for first in range(0, raw.shape[0], 1024):
        part = slice(first, min(first + 1024, raw.shape[0]))
        subtract_kernel[1, 1024](raw[part], dark[part], out[part])
    return out
