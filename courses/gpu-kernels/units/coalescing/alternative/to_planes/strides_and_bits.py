@cuda.jit
def to_planes(records, planes):
    pixels = planes.shape[1]
    for number in range(cuda.grid(1), 4 * pixels, cuda.gridsize(1)):
        planes[number & 3, number >> 2] = records[number >> 2, number & 3]
