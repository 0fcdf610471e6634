# finding: many-launches
def remove_bands(pairs, offsets, channel, scale):
    return cp.maximum(scale * (pairs[:, :, channel] - offsets[:, None]), 0)
