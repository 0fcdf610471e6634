# finding: uncoalesced
@cuda.jit
def copy_striped(image, items, out):
    first = cuda.grid(1) * items
    for k in range(items):
        i = first + k
        if i < image.shape[0]:
            out[i] = image[i]
