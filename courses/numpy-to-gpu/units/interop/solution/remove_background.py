def remove_background(film):
    view = cp.asarray(film)
    view -= view.mean(axis=0)
