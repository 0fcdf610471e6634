# finding: many-launches
def between(one, other):
    total = one + other
    return 2 * one * other / cp.where(total > 0, total, 1)


def faces(conduct):
    height, width = conduct.shape
    right = cp.empty((height, width - 1), cp.float32)
    down = cp.empty((height - 1, width), cp.float32)
    for y in range(height):
        right[y] = between(conduct[y, :-1], conduct[y, 1:])
    for y in range(height - 1):
        down[y] = between(conduct[y], conduct[y + 1])
    return right, down
