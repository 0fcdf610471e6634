# finding: wrong-result
def launch_for(n, wanted):
    block = min((wanted + 31) // 32 * 32, 1024)
    return max((n + wanted - 1) // wanted, 1), block
