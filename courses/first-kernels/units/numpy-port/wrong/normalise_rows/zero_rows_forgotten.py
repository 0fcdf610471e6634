# finding: wrong-result
def normalise_rows(x):
    xp = cp.get_array_module(x)
    return x / xp.sqrt((x * x).sum(axis=1, keepdims=True))
