"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0."""

import checks


def smooth_line(kernel):
    return checks.smooth_line(kernel, {3: 32, 64: 64, 257: 128, 2047: 256}, hidden=True)


def above_dark(kernel):
    return checks.above_dark(kernel, {65: 32, 300: 128, 1025: 96, 3000: 256}, hidden=True)


def hottest_in_zone(kernel):
    return checks.hottest_in_zone(kernel, {65: 64, 300: 32, 1025: 128, 3000: 256}, hidden=True)


def coldest_in_strip(kernel):
    return checks.coldest_in_strip(kernel, {31: 64, 128: 128, 300: 32, 1025: 256}, hidden=True)


def net_signal(kernel):
    return checks.net_signal(kernel, {2: 32, 129: 128, 2000: 64}, hidden=True)


def cool_down(kernel):
    return checks.cool_down(kernel, {640: 32, 1025: 64, 3001: 256}, hidden=True)
