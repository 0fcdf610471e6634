# finding: many-launches
def mend_channel(image, channel, lag):
    for r in range(image.shape[0]):
        unlag[1, 32](image[r : r + 1, channel::2], lag[r : r + 1])
