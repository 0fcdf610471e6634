# finding: wrong-result
def normalise_rows(x):
    xp = cp.get_array_module(x)
    length = (x * x).sum(axis=1, keepdims=True)
    return x / xp.where(length == 0, 1, length)
