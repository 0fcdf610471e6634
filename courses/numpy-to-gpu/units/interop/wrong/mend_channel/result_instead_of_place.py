# finding: wrong-result
def mend_channel(image, channel, lag):
    result = image.copy()
    unlag[-(-result.shape[0] // 32), 32](result[:, channel::2], lag)
    return result
