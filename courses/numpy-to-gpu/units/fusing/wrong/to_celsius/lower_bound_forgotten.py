# finding: wrong-result
@cp.fuse()
def to_celsius(counts, dark, gain):
    return 1430.0 / cp.log(17000.0 / ((counts - dark) * gain) + 1.0) - 273.15
