# finding: wrong-type
def normalise_rows(x):
    x = cp.asarray(x)
    length = cp.linalg.norm(x, axis=1, keepdims=True)
    return x / cp.where(length == 0, 1, length)
