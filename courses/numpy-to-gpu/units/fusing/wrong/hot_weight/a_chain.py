# finding: many-launches
def hot_weight(temps, limit, width):
    return 1.0 / (1.0 + cp.exp((limit - temps) / width))
