# finding: exception
# line: 12
@cuda.jit
def subtract_kernel(raw, dark, out):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i] = raw[i] - dark[i]


def subtract_dark(raw, dark):
    out = cuda.device_array_like(raw)
    threads = 2048
    blocks = (raw.shape[0] + threads - 1) // threads
    subtract_kernel[blocks, threads](raw, dark, out)
    return out
