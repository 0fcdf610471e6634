# finding: many-launches
def distance(film, reference, axis):
    return cp.sqrt(((film - reference) ** 2).sum(axis=axis))
