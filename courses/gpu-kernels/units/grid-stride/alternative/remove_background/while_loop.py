@cuda.jit
def remove_background(film, background):
    i = cuda.grid(1)
    while i < film.shape[0]:
        image = i // background.shape[0]
        film[i] = film[i] - background[i - image * background.shape[0]]
        i += cuda.blockDim.x * cuda.gridDim.x
