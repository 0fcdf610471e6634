# finding: unwritten
@cuda.jit
def to_planes(records, planes):
    e = cuda.grid(1)
    pixel, field = e // 3, e % 3
    if pixel < records.shape[0]:
        planes[field, pixel] = records[pixel, field]
