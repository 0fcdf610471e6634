# finding: exception
# line: 2
def blocks_for(n, threads):
    return (n.size + threads - 1) // threads
