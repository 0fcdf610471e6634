# finding: host-fallback
def between(one, other):
    total = one + other
    return cp.asarray(2 * one * other / np.where(total > 0, total, 1))


def faces(conduct):
    conduct = conduct.get()
    return between(conduct[:, :-1], conduct[:, 1:]), between(conduct[:-1], conduct[1:])
