# finding: wrong-result
def remove_background(film):
    view = cp.array(film)
    view -= view.mean(axis=0)
