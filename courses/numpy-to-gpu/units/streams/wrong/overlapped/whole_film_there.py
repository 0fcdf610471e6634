# finding: memory-peak
def overlapped(film, dark, piece):
    host = cupyx.empty_pinned(film.shape, film.dtype)
    out = cupyx.empty_pinned(film.shape, film.dtype)
    host[...] = film
    dark_there = cp.asarray(dark)
    cp.cuda.Device().synchronize()
    film_there = cp.empty(film.shape, film.dtype)
    streams = [cp.cuda.Stream(non_blocking=True) for _ in range(2)]
    for number, begin in enumerate(range(0, len(film), piece)):
        frames = host[begin : begin + piece]
        with streams[number % 2]:
            part = film_there[begin : begin + piece]
            part.set(frames)
            clean = cp.maximum(part - dark_there, 0)
            clean.get(out=out[begin : begin + piece], blocking=False)
    for stream in streams:
        stream.synchronize()
    return out
