def noise(film, dark, piece):
    host = cupyx.empty_pinned(film.shape, film.dtype)
    host[...] = film
    dark_there = cp.asarray(dark)
    streams = [cp.cuda.Stream(non_blocking=True) for _ in range(2)]
    sums = [cp.zeros((2, *dark.shape), film.dtype) for _ in streams]
    cp.cuda.Device().synchronize()
    for number, begin in enumerate(range(0, len(film), piece)):
        frames = host[begin : begin + piece]
        with streams[number % 2]:
            part = cp.empty(frames.shape, frames.dtype)
            part.set(frames)
            part -= dark_there
            sums[number % 2][0] += part.sum(axis=0)
            sums[number % 2][1] += cp.square(part).sum(axis=0)
    for stream in streams:
        stream.synchronize()
    mean, squares = (sums[0] + sums[1]) / len(film)
    return cp.sqrt(squares - mean**2).get()
