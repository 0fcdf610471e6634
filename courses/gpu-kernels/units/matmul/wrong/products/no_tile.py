# finding: slow
@cuda.jit
def products(a, b, c):
    column, row, zone = cuda.grid(3)
    if row < c.shape[1] and column < c.shape[2]:
        total = np.float32(0)
        for k in range(a.shape[2]):
            total += a[zone, row, k] * b[zone, k, column]
        c[zone, row, column] = total
