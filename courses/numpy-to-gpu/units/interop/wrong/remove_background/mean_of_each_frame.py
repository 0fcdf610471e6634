# finding: wrong-result
def remove_background(film):
    view = cp.asarray(film)
    view -= view.mean(axis=(1, 2), keepdims=True)
