# finding: input-changed
def distance(film, reference, axis):
    film -= reference
    return cp.linalg.norm(film, axis=axis)
