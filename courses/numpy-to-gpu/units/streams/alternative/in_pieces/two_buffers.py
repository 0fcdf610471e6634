def in_pieces(film, dark, piece):
    out, dark_there = np.zeros(film.shape, film.dtype), cp.asarray(dark)
    buffer = cp.empty((min(piece, len(film)), *dark.shape), film.dtype)
    begin = 0
    while begin < len(film):
        frames = film[begin : begin + piece]
        part = buffer[: len(frames)]
        part.set(frames)
        part -= dark_there
        cp.maximum(part, 0, out=part)
        part.get(out=out[begin : begin + len(frames)])
        begin += len(frames)
    return out
