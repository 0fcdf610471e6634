# finding: wrong-result
def launch_for(n, wanted):
    block = min(max(wanted // 32, 1) * 32, 1024)
    return max((n + block - 1) // block, 1), block
