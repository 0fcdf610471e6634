# finding: wrong-result
@cuda.jit
def add_frame(frame, total):
    for number in range(frame.size // cuda.gridsize(1)):
        i = cuda.grid(1) + number * cuda.gridsize(1)
        total[i] += frame[i]
