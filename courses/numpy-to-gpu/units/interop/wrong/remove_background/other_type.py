# finding: wrong-result
def remove_background(film):
    view = cp.asarray(film, dtype=cp.float64)
    view -= view.mean(axis=0)
