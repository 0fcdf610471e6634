def in_pieces(film, dark, piece):
    out = np.empty_like(film)
    dark_there = cp.asarray(dark)
    for begin in range(0, len(film), piece):
        part = cp.asarray(film[begin : begin + piece])
        out[begin : begin + piece] = cp.asnumpy(cp.maximum(part - dark_there, 0))
    return out
