# finding: memory-peak
def in_pieces(film, dark, piece):
    out = np.empty_like(film)
    film_there, dark_there = cp.asarray(film), cp.asarray(dark)
    for begin in range(0, len(film), piece):
        out[begin : begin + piece] = (film_there[begin : begin + piece] - dark_there).clip(0, None).get()
    return out
