@cuda.jit
def copy_striped(image, items, out):
    warp, lane = divmod(cuda.grid(1), 32)
    i = warp * 32 * items + lane
    end = min((warp + 1) * 32 * items, image.shape[0])
    while i < end:
        out[i] = image[i]
        i += 32
