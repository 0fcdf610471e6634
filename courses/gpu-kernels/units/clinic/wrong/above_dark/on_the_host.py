# finding: wrong-type
def above_dark(raw, dark, out):
    out[:] = raw - dark
