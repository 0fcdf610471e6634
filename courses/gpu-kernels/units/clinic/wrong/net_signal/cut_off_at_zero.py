# finding: wrong-result
@cuda.jit
def net_signal(raw, dark, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        difference = max(np.float32(raw[i]) - np.float32(dark[i]), np.float32(0))
        out[i] = difference * np.float32(0.04)
