# finding: exception
def remove_background(film):
    view = cp.asarray(film)
    view -= np.asarray(view).mean(axis=0)
