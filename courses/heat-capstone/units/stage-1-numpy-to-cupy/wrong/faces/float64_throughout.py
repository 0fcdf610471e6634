# finding: wrong-type
def between(one, other):
    total = one + other
    return 2 * one * other / cp.where(total > 0, total, 1)


def faces(conduct):
    conduct = conduct.astype(cp.float64)
    return between(conduct[:, :-1], conduct[:, 1:]), between(conduct[:-1], conduct[1:])
