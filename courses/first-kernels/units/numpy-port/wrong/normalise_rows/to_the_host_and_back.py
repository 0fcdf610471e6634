# finding: host-fallback
def normalise_rows(x):
    host = cp.asnumpy(x)
    length = np.sqrt((host * host).sum(axis=1, keepdims=True))
    result = host / np.where(length == 0, 1, length)
    return result if isinstance(x, np.ndarray) else cp.asarray(result)
