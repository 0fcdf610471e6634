@cuda.jit
def unlag_every_second(image, channel, lag):
    for r in range(cuda.grid(1), image.shape[0], cuda.gridsize(1)):
        before = image[r, channel]
        for c in range(channel + 2, image.shape[1], 2):
            seen = image[r, c]
            image[r, c] = (seen - lag[r] * before) / (np.float32(1) - lag[r])
            before = seen


def mend_channel(image, channel, lag):
    unlag_every_second[1, 96](image, channel, lag)
    return image
