# finding: exception
# line: 4
def normalise_rows(x):
    xp = cp.get_array_module(x)
    length = xp.sqrt((x * x).sum(axis=1))
    return x / xp.where(length == 0, 1, length)
