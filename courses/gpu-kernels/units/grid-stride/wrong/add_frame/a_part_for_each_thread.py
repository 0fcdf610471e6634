# finding: uncoalesced
@cuda.jit
def add_frame(frame, total):
    part = (frame.size + cuda.gridsize(1) - 1) // cuda.gridsize(1)
    first = cuda.grid(1) * part
    for i in range(first, min(first + part, frame.size)):
        total[i] += frame[i]
