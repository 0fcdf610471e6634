# finding: host-fallback
def mend_channel(image, channel, lag):
    part = image[:, channel::2].get()
    unlag[-(-part.shape[0] // 32), 32](part, lag)
    image[:, channel::2] = cp.asarray(part)
