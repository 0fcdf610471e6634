# finding: exception
# line: 3
def launch_for(n, wanted):
    block = min(wanted // 32 * 32, 1024)
    return max((n + block - 1) // block, 1), block
