# finding: wrong-result
def faces(conduct):
    return conduct[:, :-1].copy(), conduct[:-1].copy()
