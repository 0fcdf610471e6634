# finding: out-of-bounds
@cuda.jit
def hot_per_row(image, limit, counts):
    x, y = cuda.grid(2)
    if x < image.shape[1] and image[y, x] > limit:
        cuda.atomic.add(counts, y, 1)
