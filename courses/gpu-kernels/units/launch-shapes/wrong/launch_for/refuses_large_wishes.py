# finding: exception
# line: 3
def launch_for(n, wanted):
    if wanted > 1024:
        raise ValueError("too many threads")
    block = (wanted + 31) // 32 * 32
    return max((n + block - 1) // block, 1), block
