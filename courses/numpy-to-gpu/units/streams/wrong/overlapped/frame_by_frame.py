# finding: many-launches
def overlapped(film, dark, piece):
    host = cupyx.empty_pinned(film.shape, film.dtype)
    out = cupyx.empty_pinned(film.shape, film.dtype)
    host[...] = film
    dark_there = cp.asarray(dark)
    cp.cuda.Device().synchronize()
    streams = [cp.cuda.Stream(non_blocking=True) for _ in range(2)]
    for number, begin in enumerate(range(len(film))):
        frames = host[begin : begin + 1]
        with streams[number % 2]:
            part = cp.empty(frames.shape, frames.dtype)
            part.set(frames)
            clean = cp.maximum(part - dark_there, 0)
            clean.get(out=out[begin : begin + 1], blocking=False)
    for stream in streams:
        stream.synchronize()
    return out
