# finding: wrong-result
@cuda.jit
def histogram(heat, low, width, counts):
    i = cuda.grid(1)
    if i < heat.shape[0] and heat[i] >= low:
        b = int((heat[i] - low) / width)
        if b < counts.shape[0]:
            seen = cuda.atomic.add(counts, b, 0)
            cuda.atomic.exch(counts, b, seen + 1)
