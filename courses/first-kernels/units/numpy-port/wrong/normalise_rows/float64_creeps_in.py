# finding: wrong-type
def normalise_rows(x):
    xp = cp.get_array_module(x)
    length = xp.ones((x.shape[0], 1))
    found = xp.sqrt((x * x).sum(axis=1, keepdims=True))
    length[found > 0] = found[found > 0]
    return x / length
