def blocks_for(n, threads):
    return -(-n // threads)
