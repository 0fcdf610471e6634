# finding: memory-peak
def in_pieces(film, dark, piece):
    dark_there, done = cp.asarray(dark), []
    for begin in range(0, len(film), piece):
        done.append(cp.maximum(cp.asarray(film[begin : begin + piece]) - dark_there, 0))
    return cp.asnumpy(cp.concatenate(done))
