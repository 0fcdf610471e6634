# finding: wrong-result
@cuda.jit
def remove_background(film, background):
    for i in range(cuda.threadIdx.x, film.size, cuda.gridsize(1)):
        film[i] -= background[i % background.size]
