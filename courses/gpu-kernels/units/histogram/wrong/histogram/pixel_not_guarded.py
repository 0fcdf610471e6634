# finding: out-of-bounds
@cuda.jit
def histogram(heat, low, width, counts):
    i = cuda.grid(1)
    if heat[i] >= low:
        b = int((heat[i] - low) / width)
        if b < counts.shape[0]:
            cuda.atomic.add(counts, b, 1)
