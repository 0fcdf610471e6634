def distance(film, reference, axis):
    return cp.linalg.norm(film - reference, axis=axis)
