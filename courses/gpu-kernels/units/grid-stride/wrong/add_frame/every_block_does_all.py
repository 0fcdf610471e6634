# finding: race
# line: 5
@cuda.jit
def add_frame(frame, total):
    i = cuda.threadIdx.x
    while i < frame.size:
        total[i] += frame[i]
        i += cuda.blockDim.x
