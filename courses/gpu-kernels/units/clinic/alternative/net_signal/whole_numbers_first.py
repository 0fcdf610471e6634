@cuda.jit
def net_signal(raw, dark, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        difference = np.int32(raw[i]) - np.int32(dark[i])
        out[i] = np.float32(difference) * np.float32(0.04)
