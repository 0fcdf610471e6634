# finding: many-launches
def subtract_dark(frames, dark, limit):
    result = cp.empty_like(frames)
    for i in range(len(frames)):
        result[i] = cp.clip(frames[i].astype(cp.int32) - dark, 0, limit)
    return result
