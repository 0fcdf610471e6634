import math


def blocks_for(n, threads):
    return math.ceil(n / threads)
