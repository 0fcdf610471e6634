# finding: wrong-result
def launch_for(n, wanted):
    return max(n, 1), 1
