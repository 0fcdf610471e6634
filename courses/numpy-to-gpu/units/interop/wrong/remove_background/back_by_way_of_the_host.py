# finding: host-fallback
def remove_background(film):
    view = cp.asarray(film)
    view = view - view.mean(axis=0)
    film.copy_to_device(cp.asnumpy(view))
