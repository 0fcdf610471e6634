@cp.fuse()
def to_celsius(counts, dark, gain):
    signal = cp.maximum((counts - dark) * gain, 1.0)
    return 1430.0 / cp.log(17000.0 / signal + 1.0) - 273.15
