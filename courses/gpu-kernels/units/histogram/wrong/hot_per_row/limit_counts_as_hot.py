# finding: wrong-result
@cuda.jit
def hot_per_row(image, limit, counts):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height and image[y, x] >= limit:
        cuda.atomic.add(counts, y, 1)
