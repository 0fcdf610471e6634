# finding: slow
@cuda.jit
def responses(patterns, film, gain, offset, out):
    pixel, pattern = cuda.grid(2)
    if pattern < out.shape[0] and pixel < out.shape[1]:
        total = np.float32(0)
        for k in range(film.shape[1]):
            total += patterns[pattern, k] * np.float32(film[pixel, k])
        out[pattern, pixel] = max(gain[pattern] * total + offset[pattern], np.float32(0))
