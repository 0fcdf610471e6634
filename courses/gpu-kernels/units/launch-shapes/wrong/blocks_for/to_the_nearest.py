# finding: wrong-result
def blocks_for(n, threads):
    return round(n / threads)
