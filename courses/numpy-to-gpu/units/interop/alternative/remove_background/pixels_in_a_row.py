def remove_background(film):
    pixels = cp.asarray(film).reshape(film.shape[0], -1)
    background = pixels.sum(axis=0) / np.float32(film.shape[0])
    pixels[:] = pixels - background
