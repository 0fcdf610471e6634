# finding: wrong-result
def between(one, other):
    total = one + other
    return 2 * one * other / cp.where(total > 0, total, 1)


def faces(conduct):
    padded = cp.pad(conduct, ((0, 1), (0, 1)))
    return between(conduct, padded[:-1, 1:]), between(conduct, padded[1:, :-1])
