# finding: wrong-result
@cuda.jit
def histogram(heat, low, width, counts):
    i = cuda.grid(1)
    if i < heat.shape[0] and heat[i] >= low:
        b = min(int((heat[i] - low) / width), counts.shape[0] - 1)
        cuda.atomic.add(counts, b, 1)
