# finding: stream-race
def noise(film, dark, piece):
    host = cupyx.empty_pinned(film.shape, film.dtype)
    host[...] = film
    copying, computing = cp.cuda.Stream(non_blocking=True), cp.cuda.Stream(non_blocking=True)
    buffers = [cp.empty((piece, *dark.shape), film.dtype) for _ in range(2)]
    loaded = [cp.cuda.Event() for _ in range(2)]
    free = [cp.cuda.Event() for _ in range(2)]
    with computing:
        dark_there = cp.asarray(dark)
        total, squares = cp.zeros(dark.shape, film.dtype), cp.zeros(dark.shape, film.dtype)
    for number, begin in enumerate(range(0, len(film), piece)):
        frames, k = host[begin : begin + piece], number % 2
        part = buffers[k][: len(frames)]
        with copying:
            copying.wait_event(free[k])
            loaded[k].record(copying)
            part.set(frames)
        with computing:
            computing.wait_event(loaded[k])
            clean = part - dark_there
            total += clean.sum(axis=0)
            squares += (clean * clean).sum(axis=0)
            free[k].record(computing)
    with computing:
        mean = total / len(film)
        return cp.asnumpy(cp.sqrt(squares / len(film) - mean * mean))
