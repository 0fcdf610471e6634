# finding: many-launches
def correct(signal, drift, factor, count):
    result = signal.copy()
    result[:count] += factor * drift[:count]
    return result
