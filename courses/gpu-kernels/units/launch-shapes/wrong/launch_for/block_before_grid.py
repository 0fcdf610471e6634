# finding: wrong-result
def launch_for(n, wanted):
    block = min((wanted + 31) // 32 * 32, 1024)
    return block, max((n + block - 1) // block, 1)
