# finding: wrong-result
def launch_for(n, wanted):
    block = min(wanted, 1024)
    return max((n + block - 1) // block, 1), block
