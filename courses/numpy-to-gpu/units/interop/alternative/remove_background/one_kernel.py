@cuda.jit
def lower(film):
    y, x = cuda.grid(2)
    if y < film.shape[1] and x < film.shape[2]:
        total = np.float32(0)
        for t in range(film.shape[0]):
            total += film[t, y, x]
        mean = total / np.float32(film.shape[0])
        for t in range(film.shape[0]):
            film[t, y, x] -= mean


def remove_background(film):
    lower[(-(-film.shape[1] // 8), -(-film.shape[2] // 32)), (8, 32)](film)
