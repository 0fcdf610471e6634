# finding: many-launches
def soft_maximum(temps, width):
    largest = temps.max(axis=(1, 2), keepdims=True)
    return (largest + width * cp.log(cp.exp((temps - largest) / width).sum(axis=(1, 2), keepdims=True))).reshape(-1)
