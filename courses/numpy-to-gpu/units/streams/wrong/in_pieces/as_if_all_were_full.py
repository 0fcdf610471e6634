# finding: exception
def in_pieces(film, dark, piece):
    dark_there = cp.asarray(dark)
    pieces = film.reshape(-1, piece, *dark.shape)
    return np.concatenate([cp.asnumpy(cp.maximum(cp.asarray(part) - dark_there, 0)) for part in pieces])
