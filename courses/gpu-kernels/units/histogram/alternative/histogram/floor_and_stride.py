import math


@cuda.jit
def histogram(heat, low, width, counts):
    for i in range(cuda.grid(1), heat.size, cuda.gridsize(1)):
        b = math.floor((heat[i] - low) / width)
        if 0 <= b < counts.size:
            cuda.atomic.add(counts, b, 1)
