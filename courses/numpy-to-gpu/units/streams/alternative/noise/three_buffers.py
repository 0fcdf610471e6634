def noise(film, dark, piece):
    host = cupyx.empty_pinned(film.shape, film.dtype)
    host[...] = film
    copying, computing = cp.cuda.Stream(), cp.cuda.Stream()
    dark_there = cp.asarray(dark)
    total, squares = cp.zeros_like(dark_there), cp.zeros_like(dark_there)
    ring = [[cp.empty((piece, *dark.shape), film.dtype), None] for _ in range(3)]
    for begin in range(0, len(film), piece):
        frames, place = host[begin : begin + piece], ring[begin // piece % 3]
        part = place[0][: len(frames)]
        if place[1] is not None:
            copying.wait_event(place[1])
        part.set(frames, stream=copying)
        computing.wait_event(copying.record())
        with computing:
            clean = cp.subtract(part, dark_there)
            total += cp.sum(clean, axis=0)
            clean *= clean
            squares += cp.sum(clean, axis=0)
        place[1] = computing.record()
    computing.synchronize()
    mean = total / len(film)
    return (squares / len(film) - mean * mean).get() ** np.float32(0.5)
