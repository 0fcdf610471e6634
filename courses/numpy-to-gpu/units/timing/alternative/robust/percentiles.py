def robust(samples, warm_up):
    rest = np.delete(samples, slice(0, warm_up))
    middle = np.percentile(rest, 50)
    distances = np.where(rest < middle, middle - rest, rest - middle)
    return [float(middle), float(np.percentile(distances, 50))]
