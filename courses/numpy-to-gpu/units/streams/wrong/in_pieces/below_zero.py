# finding: wrong-result
def in_pieces(film, dark, piece):
    out = np.empty_like(film)
    dark_there = cp.asarray(dark)
    for begin in range(0, len(film), piece):
        part = cp.asarray(film[begin : begin + piece])
        out[begin : begin + piece] = cp.asnumpy(part - dark_there)
    return out
