# finding: wrong-result
def remove_background(film):
    view = cp.asarray(film)
    view -= view[0].copy()
