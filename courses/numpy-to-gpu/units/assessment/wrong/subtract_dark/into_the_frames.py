# finding: input-changed
def subtract_dark(frames, dark, limit):
    frames -= cp.minimum(frames, dark)
    frames[frames > limit] = limit
    return frames
