# finding: input-changed
def normalise_rows(x):
    xp = cp.get_array_module(x)
    length = xp.sqrt((x * x).sum(axis=1, keepdims=True))
    x /= xp.where(length == 0, 1, length)
    return x
