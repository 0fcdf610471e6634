# finding: wrong-result
@cuda.jit
def total(heat, out):
    for i in range(cuda.grid(1), heat.shape[0], cuda.gridsize(1)):
        cuda.atomic.add(out, 0, heat[i])
