# finding: host-fallback
def in_pieces(film, dark, piece):
    out = np.empty_like(film)
    for begin in range(0, len(film), piece):
        out[begin : begin + piece] = np.maximum(film[begin : begin + piece] - dark, 0)
    return out
