# finding: race
# line: 4
@cuda.jit
def add_frame(frame, total):
    for i in range(cuda.grid(1), frame.size, cuda.gridDim.x):
        total[i] += frame[i]
