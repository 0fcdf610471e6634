# finding: many-launches
def in_pieces(film, dark, piece):
    out = np.empty_like(film)
    dark_there = cp.asarray(dark)
    for begin in range(len(film)):
        part = cp.asarray(film[begin])
        out[begin] = cp.asnumpy(cp.maximum(part - dark_there, 0))
    return out
