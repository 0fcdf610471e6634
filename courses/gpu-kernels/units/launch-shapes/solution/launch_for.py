def launch_for(n, wanted):
    block = min((wanted + 31) // 32 * 32, 1024)
    grid = max((n + block - 1) // block, 1)
    return grid, block
