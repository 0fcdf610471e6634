# finding: wrong-result
def between(one, other):
    return (one + other) / 2


def faces(conduct):
    return between(conduct[:, :-1], conduct[:, 1:]), between(conduct[:-1], conduct[1:])
