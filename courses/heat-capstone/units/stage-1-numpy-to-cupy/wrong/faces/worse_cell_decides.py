# finding: wrong-result
def faces(conduct):
    return cp.minimum(conduct[:, :-1], conduct[:, 1:]), cp.minimum(conduct[:-1], conduct[1:])
