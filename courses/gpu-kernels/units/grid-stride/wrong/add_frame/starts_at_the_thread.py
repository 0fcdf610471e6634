# finding: wrong-result
@cuda.jit
def add_frame(frame, total):
    for i in range(cuda.threadIdx.x, frame.size, cuda.gridsize(1)):
        total[i] += frame[i]
