@cuda.jit
def to_planes(records, planes):
    tile = cuda.shared.array(128, np.float32)
    t = cuda.threadIdx.x
    first = cuda.blockIdx.x * 32
    if first + t // 4 < records.shape[0]:
        tile[t] = records[first + t // 4, t % 4]
    cuda.syncthreads()
    if first + t % 32 < records.shape[0]:
        planes[t // 32, first + t % 32] = tile[4 * (t % 32) + t // 32]
