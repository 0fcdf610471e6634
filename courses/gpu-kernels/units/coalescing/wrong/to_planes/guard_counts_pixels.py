# finding: unwritten
@cuda.jit
def to_planes(records, planes):
    e = cuda.grid(1)
    if e < records.shape[0]:
        planes[e % 4, e // 4] = records[e // 4, e % 4]
