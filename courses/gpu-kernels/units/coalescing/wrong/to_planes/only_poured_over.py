# finding: wrong-result
@cuda.jit
def to_planes(records, planes):
    pixels = records.shape[0]
    e = cuda.grid(1)
    if e < 4 * pixels:
        planes[e // pixels, e % pixels] = records[e // 4, e % 4]
