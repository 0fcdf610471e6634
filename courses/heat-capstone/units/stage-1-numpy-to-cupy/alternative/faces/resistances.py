def faces(conduct):
    resistance = cp.where(conduct > 0, 1 / cp.where(conduct > 0, conduct, 1), cp.float32(cp.inf))
    return 2 / (resistance[:, 1:] + resistance[:, :-1]), 2 / (resistance[1:] + resistance[:-1])
