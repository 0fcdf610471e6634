# finding: memory-peak
def noise(film, dark, piece):
    return cp.asnumpy((cp.asarray(film) - cp.asarray(dark)).std(axis=0))
