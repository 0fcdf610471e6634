# finding: wrong-result
def hot_weight(temps, limit, width):
    return (temps > limit).astype(temps.dtype)
