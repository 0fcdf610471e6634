# finding: uncoalesced
@cuda.jit
def to_planes(records, planes):
    field = cuda.grid(1)
    if field < 4:
        for pixel in range(records.shape[0]):
            planes[field, pixel] = records[pixel, field]
