# finding: wrong-result
@cuda.jit
def remove_background(film, background):
    for i in range(cuda.grid(1), film.size, cuda.gridsize(1)):
        film[i] -= background[i // (film.size // background.size)]
