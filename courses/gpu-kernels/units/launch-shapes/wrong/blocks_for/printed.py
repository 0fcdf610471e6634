# finding: unwritten
def blocks_for(n, threads):
    print((n + threads - 1) // threads)
