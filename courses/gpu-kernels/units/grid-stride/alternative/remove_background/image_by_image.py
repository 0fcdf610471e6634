@cuda.jit
def remove_background(film, background):
    images = film.size // background.size
    for pixel in range(cuda.grid(1), background.size, cuda.gridsize(1)):
        dark = background[pixel]
        for image in range(images):
            film[image * background.size + pixel] -= dark
