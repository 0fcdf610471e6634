def film_report(frames, offset, limit):
    n = frames.shape[0]
    pixels = cp.subtract(frames, offset[None]).reshape(n, -1).T
    hot = cp.where(pixels > limit, cp.float32(1), cp.float32(0))
    rows = [cp.amax(pixels, axis=0), cp.sum(pixels, axis=0) / pixels.shape[0], hot.sum(axis=0) / pixels.shape[0]]
    return cp.ascontiguousarray(cp.vstack(rows).T)
