# finding: uncoalesced
@cuda.jit
def to_planes(records, planes):
    i = cuda.grid(1)
    if i < records.shape[0]:
        for field in range(4):
            planes[field, i] = records[i, field]
