# finding: slow
@cuda.jit
def smooth(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        total = np.float32(0)
        for row in range(y - 1, y + 2):
            for column in range(x - 1, x + 2):
                total += image[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
        out[y, x] = total / np.float32(9)
