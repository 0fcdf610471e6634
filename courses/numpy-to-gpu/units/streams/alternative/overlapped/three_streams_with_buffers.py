def overlapped(film, dark, piece):
    here, there = [cupyx.zeros_pinned(film.shape, film.dtype) for _ in range(2)]
    here[:] = film
    dark_there = cp.asarray(dark)
    places = [(cp.cuda.Stream(), cp.empty((piece, *dark.shape), film.dtype)) for _ in range(3)]
    begin = 0
    while begin < len(film):
        end = min(begin + piece, len(film))
        stream, buffer = places[0]
        part = buffer[: end - begin]
        part.set(here[begin:end], stream=stream)
        with stream:
            cp.subtract(part, dark_there, out=part)
            part[part < 0] = 0
        part.get(stream=stream, out=there[begin:end], blocking=False)
        places.append(places.pop(0))
        begin = end
    cp.cuda.Device().synchronize()
    return np.array(there)
