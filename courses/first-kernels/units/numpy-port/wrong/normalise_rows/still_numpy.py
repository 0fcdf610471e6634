# finding: exception
# line: 2
def normalise_rows(x):
    x = np.asarray(x)
    length = np.sqrt((x * x).sum(axis=1, keepdims=True))
    return x / np.where(length == 0, 1, length)
