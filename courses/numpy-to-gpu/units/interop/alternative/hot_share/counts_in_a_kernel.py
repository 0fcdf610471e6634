@cuda.jit
def count_hot(rows, offset, high, low, share):
    for r in range(cuda.grid(1), rows.shape[0], cuda.gridsize(1)):
        hot, count = False, 0
        for c in range(rows.shape[1]):
            value = rows[r, c] - offset[r, c]
            hot = value > high or (hot and value > low)
            count += hot
        share[r] = count / rows.shape[1]


def hot_share(image, offset, high, low):
    share = cp.zeros(len(image), dtype="f4")
    count_hot[2, 64](image, offset, high, low, share)
    return share
