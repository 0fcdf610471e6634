# finding: wrong-type
@cuda.jit
def subtract_kernel(raw, dark, out):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i] = raw[i] - dark[i]


def subtract_dark(raw, dark):
    return raw.copy_to_host() - dark.copy_to_host()
