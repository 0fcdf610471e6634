# finding: wrong-result
def between(one, other):
    return cp.where(one * other > 0, (one + other) / 2, 0)


def faces(conduct):
    return between(conduct[:, :-1], conduct[:, 1:]), between(conduct[:-1], conduct[1:])
