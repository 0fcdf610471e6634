# finding: unwritten
@cuda.jit
def histogram(heat, low, width, counts):
    own = cuda.local.array(1, np.int32)
    i = cuda.grid(1)
    if i < heat.shape[0] and heat[i] >= low:
        b = int((heat[i] - low) / width)
        if b < counts.shape[0]:
            own[0] = counts[b]
            own[0] += 1
