@cuda.jit
def net_signal(raw, dark, out):
    factor = np.float32(0.04)
    for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        if raw[i] >= dark[i]:
            out[i] = np.float32(raw[i] - dark[i]) * factor
        else:
            out[i] = -np.float32(dark[i] - raw[i]) * factor
