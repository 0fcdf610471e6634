# finding: host-fallback
def remove_background(film):
    view = cp.asarray(film)
    view -= cp.asarray(film.copy_to_host().mean(axis=0))
