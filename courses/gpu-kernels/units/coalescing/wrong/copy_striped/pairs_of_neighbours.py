# finding: uncoalesced
@cuda.jit
def copy_striped(image, items, out):
    n = image.shape[0]
    for pair in range(cuda.grid(1), (n + 1) // 2, cuda.gridsize(1)):
        out[2 * pair] = image[2 * pair]
        if 2 * pair + 1 < n:
            out[2 * pair + 1] = image[2 * pair + 1]
