# finding: wrong-result
def between(one, other):
    return 2 * one * other / (one + other + 1e-3)


def faces(conduct):
    return between(conduct[:, :-1], conduct[:, 1:]), between(conduct[:-1], conduct[1:])
