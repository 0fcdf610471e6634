# finding: float64
@cuda.jit
def net_signal(raw, dark, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        difference = np.float32(raw[i]) - np.float32(dark[i])
        out[i] = difference * 0.04
