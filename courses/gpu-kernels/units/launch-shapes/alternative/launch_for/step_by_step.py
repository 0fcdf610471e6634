def launch_for(n, wanted):
    block = 32
    while block < wanted and block < 1024:
        block += 32
    grid = 1
    while grid * block < n:
        grid += 1
    return [grid, block]
