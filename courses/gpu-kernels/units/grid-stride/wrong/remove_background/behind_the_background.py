# finding: out-of-bounds
# line: 4
@cuda.jit
def remove_background(film, background):
    for i in range(cuda.grid(1), film.size, cuda.gridsize(1)):
        film[i] -= background[i]
