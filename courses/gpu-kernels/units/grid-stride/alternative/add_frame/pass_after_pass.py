@cuda.jit
def add_frame(frame, total):
    threads = cuda.gridsize(1)
    passes = (frame.shape[0] + threads - 1) // threads
    for number in range(passes):
        i = cuda.grid(1) + number * threads
        if i < frame.shape[0]:
            total[i] += frame[i]
