# finding: wrong-result
def blocks_for(n, threads):
    return max(1, n // threads)
