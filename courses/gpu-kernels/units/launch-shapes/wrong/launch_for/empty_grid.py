# finding: wrong-result
def launch_for(n, wanted):
    block = min((wanted + 31) // 32 * 32, 1024)
    return (n + block - 1) // block, block
