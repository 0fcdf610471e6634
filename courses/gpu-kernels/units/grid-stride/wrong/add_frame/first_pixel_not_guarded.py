# finding: out-of-bounds
# line: 4
@cuda.jit
def add_frame(frame, total):
    i = cuda.grid(1)
    total[i] += frame[i]
    i += cuda.gridsize(1)
    while i < frame.size:
        total[i] += frame[i]
        i += cuda.gridsize(1)
