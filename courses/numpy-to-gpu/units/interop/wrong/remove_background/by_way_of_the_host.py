# finding: host-fallback
def remove_background(film):
    values = film.copy_to_host()
    film.copy_to_device(values - values.mean(axis=0))
