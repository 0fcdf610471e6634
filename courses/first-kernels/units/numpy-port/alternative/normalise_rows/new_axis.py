def normalise_rows(x):
    xp = cp.get_array_module(x)
    squares = xp.sum(xp.square(x), axis=-1)
    length = xp.maximum(xp.sqrt(squares), xp.finfo(x.dtype).tiny)
    return x / length[:, None]
