# finding: wrong-type
def blocks_for(n, threads):
    return f"{(n + threads - 1) // threads} blocks"
