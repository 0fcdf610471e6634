@cuda.jit
def subtract_kernel(raw, dark, out):
    for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        out[i] = raw[i] - dark[i]


def subtract_dark(raw, dark):
    out = cuda.device_array(raw.shape, raw.dtype)
    subtract_kernel[64, 128](raw, dark, out)
    return out
