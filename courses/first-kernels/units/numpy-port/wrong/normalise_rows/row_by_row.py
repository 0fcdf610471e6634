# finding: many-launches
def normalise_rows(x):
    xp = cp.get_array_module(x)
    out = xp.zeros_like(x)
    for i in range(x.shape[0]):
        length = xp.sqrt((x[i] * x[i]).sum())
        out[i] = x[i] / xp.where(length == 0, 1, length)
    return out
