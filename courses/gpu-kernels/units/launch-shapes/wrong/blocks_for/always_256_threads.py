# finding: wrong-result
def blocks_for(n, threads):
    return (n + 255) // 256
