@cuda.jit
def hot_per_row(image, limit, counts):
    column, row = cuda.grid(2)
    if row >= image.shape[0] or column >= image.shape[1]:
        return
    cuda.atomic.add(counts, row, 1 if image[row, column] > limit else 0)
