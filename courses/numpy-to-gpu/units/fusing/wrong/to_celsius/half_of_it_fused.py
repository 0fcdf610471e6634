# finding: many-launches
@cp.fuse()
def signal_of(counts, dark, gain):
    return cp.maximum((counts - dark) * gain, 1.0)


def to_celsius(counts, dark, gain):
    return 1430.0 / cp.log(17000.0 / signal_of(counts, dark, gain) + 1.0) - 273.15
