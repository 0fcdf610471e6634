# finding: many-launches
def mend_channel(image, channel, lag):
    part = cp.ascontiguousarray(image[:, channel::2])
    unlag[-(-part.shape[0] // 32), 32](part, lag)
    image[:, channel::2] = part
