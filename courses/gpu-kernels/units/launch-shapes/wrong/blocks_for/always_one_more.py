# finding: wrong-result
def blocks_for(n, threads):
    return n // threads + 1
