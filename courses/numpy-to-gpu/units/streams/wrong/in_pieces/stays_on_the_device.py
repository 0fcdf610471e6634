# finding: wrong-type
def in_pieces(film, dark, piece):
    out = cp.empty(film.shape, film.dtype)
    dark_there = cp.asarray(dark)
    for begin in range(0, len(film), piece):
        part = cp.asarray(film[begin : begin + piece])
        out[begin : begin + piece] = cp.maximum(part - dark_there, 0)
    return out
