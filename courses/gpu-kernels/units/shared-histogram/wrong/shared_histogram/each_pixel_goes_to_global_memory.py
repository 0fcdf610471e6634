# finding: many-atomics
@cuda.jit
def shared_histogram(levels, counts):
    i = cuda.grid(1)
    if i < levels.shape[0] and 0 <= levels[i] < counts.shape[0]:
        cuda.atomic.add(counts, levels[i], 1)
