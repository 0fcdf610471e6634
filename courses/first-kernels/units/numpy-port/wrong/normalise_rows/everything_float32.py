# finding: wrong-type
def normalise_rows(x):
    xp = cp.get_array_module(x)
    y = x.astype(xp.float32)
    length = xp.linalg.norm(y, axis=1, keepdims=True)
    return y / xp.where(length == 0, 1, length)
