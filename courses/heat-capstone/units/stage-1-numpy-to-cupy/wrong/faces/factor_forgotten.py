# finding: wrong-result
def between(one, other):
    total = one + other
    return one * other / cp.where(total > 0, total, 1)


def faces(conduct):
    return between(conduct[:, :-1], conduct[:, 1:]), between(conduct[:-1], conduct[1:])
