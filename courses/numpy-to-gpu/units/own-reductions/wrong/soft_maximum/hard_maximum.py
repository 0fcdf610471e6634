# finding: wrong-result
def soft_maximum(temps, width):
    return temps.max(axis=(1, 2))
