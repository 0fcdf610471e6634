clean = cp.ElementwiseKernel("T x, T dark", "T y", "y = max(x - dark, T(0))", "clean")


def overlapped(film, dark, piece):
    here, back = cupyx.empty_pinned(film.shape, film.dtype), cupyx.empty_pinned(film.shape, film.dtype)
    here[...] = film
    dark_there = cp.asarray(dark)
    into, work, out = (cp.cuda.Stream(non_blocking=True) for _ in range(3))
    buffers = [cp.empty((piece, *dark.shape), film.dtype) for _ in range(3)]
    emptied = [None] * 3
    for number, begin in enumerate(range(0, len(film), piece)):
        frames = here[begin : begin + piece]
        part = buffers[number % 3][: len(frames)]
        if emptied[number % 3]:
            into.wait_event(emptied[number % 3])
        part.set(frames, stream=into)
        work.wait_event(into.record())
        with work:
            clean(part, dark_there, part)
        out.wait_event(work.record())
        part.get(stream=out, out=back[begin : begin + piece], blocking=False)
        emptied[number % 3] = out.record()
    out.synchronize()
    return back
