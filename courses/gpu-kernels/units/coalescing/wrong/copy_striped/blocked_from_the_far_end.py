# finding: uncoalesced
@cuda.jit
def copy_striped(image, items, out):
    first = cuda.grid(1) * items
    for i in range(min(first + items, image.shape[0]) - 1, first - 1, -1):
        out[i] = image[i]
