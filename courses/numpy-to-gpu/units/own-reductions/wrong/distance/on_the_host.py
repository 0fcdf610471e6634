# finding: host-fallback
def distance(film, reference, axis):
    difference = film.get() - reference.get()
    return cp.asarray(np.sqrt((difference**2).sum(axis=axis)))
