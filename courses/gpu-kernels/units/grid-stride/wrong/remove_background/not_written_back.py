# finding: unwritten
@cuda.jit
def remove_background(film, background):
    for i in range(cuda.grid(1), film.size, cuda.gridsize(1)):
        value = film[i]
        value -= background[i % background.size]
