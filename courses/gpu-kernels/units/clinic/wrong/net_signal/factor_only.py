# finding: wrong-result
@cuda.jit
def net_signal(raw, dark, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        difference = raw[i] - dark[i]
        out[i] = difference * np.float32(0.04)
