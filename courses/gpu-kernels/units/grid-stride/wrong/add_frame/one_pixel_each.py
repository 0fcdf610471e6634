# finding: wrong-result
@cuda.jit
def add_frame(frame, total):
    i = cuda.grid(1)
    if i < frame.size:
        total[i] += frame[i]
