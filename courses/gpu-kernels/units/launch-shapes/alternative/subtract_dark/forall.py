@cuda.jit
def subtract_kernel(raw, dark, out):
    i = cuda.grid(1)
    if i >= raw.size:
        return
    out[i] = raw[i] - dark[i]


def subtract_dark(raw, dark):
    out = cuda.device_array_like(raw)
    subtract_kernel.forall(raw.size)(raw, dark, out)
    return out
