# finding: race
# line: 4
@cuda.jit
def remove_background(film, background):
    for i in range(cuda.grid(1), film.size, cuda.blockDim.x):
        film[i] -= background[i % background.size]
