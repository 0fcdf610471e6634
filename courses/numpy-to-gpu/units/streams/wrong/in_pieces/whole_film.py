# finding: memory-peak
def in_pieces(film, dark, piece):
    return cp.asnumpy(cp.maximum(cp.asarray(film) - cp.asarray(dark), 0))
