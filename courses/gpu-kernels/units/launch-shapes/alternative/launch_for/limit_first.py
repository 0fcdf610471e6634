def launch_for(n, wanted):
    warps = -(-min(wanted, 1024) // 32)
    block = 32 * warps
    return -(-max(n, 1) // block), block
