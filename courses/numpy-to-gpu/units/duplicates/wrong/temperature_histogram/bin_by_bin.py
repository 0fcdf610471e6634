# finding: many-launches
def temperature_histogram(temps, edges):
    counts = cp.zeros(edges.size - 1, cp.int32)
    for i in range(edges.size - 1):
        counts[i] = ((temps >= edges[i]) & (temps < edges[i + 1])).sum()
    return counts
