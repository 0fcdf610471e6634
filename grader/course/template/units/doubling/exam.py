"""What learners do not see: other sizes."""

import checks


def double(kernel):
    return checks.double(kernel, sizes=(2, 33, 257, 4097), hidden=True)
