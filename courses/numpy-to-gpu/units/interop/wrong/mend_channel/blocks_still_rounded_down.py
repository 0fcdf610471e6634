# finding: wrong-result
def mend_channel(image, channel, lag):
    part = image[:, channel::2]
    unlag[max(1, part.shape[0] // 32), 32](part, lag)
