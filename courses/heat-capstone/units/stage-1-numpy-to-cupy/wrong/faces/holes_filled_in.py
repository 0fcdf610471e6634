# finding: input-changed
def between(one, other):
    return 2 * one * other / (one + other)


def faces(conduct):
    conduct[conduct == 0] = 1e-12
    return between(conduct[:, :-1], conduct[:, 1:]), between(conduct[:-1], conduct[1:])
