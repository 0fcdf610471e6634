# finding: exception
# line: 2
def remove_background(film):
    film -= film.mean(axis=0)
