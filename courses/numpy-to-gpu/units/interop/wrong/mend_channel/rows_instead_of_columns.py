# finding: wrong-result
def mend_channel(image, channel, lag):
    part = image[channel::2]
    unlag[-(-part.shape[0] // 32), 32](part, lag)
