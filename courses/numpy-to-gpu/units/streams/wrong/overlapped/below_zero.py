# finding: wrong-result
def overlapped(film, dark, piece):
    host = cupyx.empty_pinned(film.shape, film.dtype)
    out = cupyx.empty_pinned(film.shape, film.dtype)
    host[...] = film
    dark_there = cp.asarray(dark)
    cp.cuda.Device().synchronize()
    streams = [cp.cuda.Stream(non_blocking=True) for _ in range(2)]
    for number, begin in enumerate(range(0, len(film), piece)):
        frames = host[begin : begin + piece]
        with streams[number % 2]:
            part = cp.empty(frames.shape, frames.dtype)
            part.set(frames)
            clean = part - dark_there
            clean.get(out=out[begin : begin + piece], blocking=False)
    for stream in streams:
        stream.synchronize()
    return out
