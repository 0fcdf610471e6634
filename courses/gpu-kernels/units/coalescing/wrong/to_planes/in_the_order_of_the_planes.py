# finding: uncoalesced
@cuda.jit
def to_planes(records, planes):
    pixels = records.shape[0]
    e = cuda.grid(1)
    if e < 4 * pixels:
        field, pixel = e // pixels, e % pixels
        planes[field, pixel] = records[pixel, field]
