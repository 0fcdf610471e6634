# finding: wrong-result
def launch_for(n, wanted):
    block = (wanted + 31) // 32 * 32
    return max((n + block - 1) // block, 1), block
