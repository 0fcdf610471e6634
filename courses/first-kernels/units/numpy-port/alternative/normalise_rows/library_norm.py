def normalise_rows(x):
    xp = cp.get_array_module(x)
    length = xp.linalg.norm(x, axis=1, keepdims=True)
    length[length == 0] = 1
    return x / length
