def blocks_for(n, threads):
    full, rest = divmod(n, threads)
    if rest:
        full += 1
    return full
