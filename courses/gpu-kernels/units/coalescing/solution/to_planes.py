@cuda.jit
def to_planes(records, planes):
    e = cuda.grid(1)
    pixel, field = e // 4, e % 4
    if pixel < records.shape[0]:
        planes[field, pixel] = records[pixel, field]
