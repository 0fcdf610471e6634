@cuda.jit
def hot_per_row(image, limit, counts):
    x, row = cuda.grid(2)
    if x == 0 and row < image.shape[0]:
        hot = 0
        for value in image[row]:
            if value > limit:
                hot += 1
        counts[row] = hot
