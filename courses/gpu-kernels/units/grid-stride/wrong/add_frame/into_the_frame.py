# finding: input-changed
@cuda.jit
def add_frame(frame, total):
    for i in range(cuda.grid(1), frame.size, cuda.gridsize(1)):
        frame[i] += total[i]
