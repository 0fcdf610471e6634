# finding: out-of-bounds
@cuda.jit
def unlag_all(part, lag):
    r = cuda.grid(1)
    before = part[r, 0]
    for c in range(1, part.shape[1]):
        seen = part[r, c]
        part[r, c] = (seen - lag[r] * before) / (np.float32(1) - lag[r])
        before = seen


def mend_channel(image, channel, lag):
    part = image[:, channel::2]
    unlag_all[-(-part.shape[0] // 32), 32](part, lag)
