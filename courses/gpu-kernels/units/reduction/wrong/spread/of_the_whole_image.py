# finding: wrong-result
@cuda.jit
def spread(raw, widest):
    if cuda.grid(1) == 0:
        low = raw[0]
        high = raw[0]
        for value in raw:
            low = min(low, value)
            high = max(high, value)
        cuda.atomic.max(widest, 0, high - low)
