# finding: out-of-bounds
# line: 4
@cuda.jit
def add_frame(frame, total):
    for i in range(cuda.grid(1), frame.size + 1, cuda.gridsize(1)):
        total[i] += frame[i]
