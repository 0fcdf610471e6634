# %% [markdown]
# # Assessment
#
# A milling machine cuts a workpiece, and a thermal camera watches it. You write three kernels for its images. Here you
# show what you can do after this course:
#
# * write a kernel for images of any shape;
# * count and compare in shared memory, without races;
# * let the threads of a block exchange a tile, so that they read and write neighbouring pixels.
#
# You have about 60 minutes. There are 20 points, and with 14 of them in one attempt you have passed. Your best attempt
# counts. The points come from the same checks as below, with other sizes and values.

# %%
import numpy as np
from numba import cuda

# %% [markdown]
# ## Task 1: calibration
#
# The camera delivers raw values. Write a kernel that makes temperatures of them and marks dead pixels. All arrays have
# the shape `(height, width)`:
#
# | Parameter | Type | Meaning |
# |---|---|---|
# | `raw` | `int32` | raw values, 0 or more |
# | `dark` | `float32` | raw values in the dark |
# | `gain` | `float32` | degrees for each step of the raw value |
# | `limit` | `int32`, a number | from this raw value on a pixel is dead |
# | `heat` | `float32`, output | temperatures |
# | `dead` | `int32`, output | marks |
#
# * A pixel is **dead** if its raw value is 0, or `limit` or more. Then `heat` is -300 and `dead` is 1.
# * For each other pixel `heat` is `(raw - dark) * gain`, and `dead` is 0.
# * Both outputs hold anything at the beginning. The inputs stay as they are.
# * The launch has two axes, and blocks of any shape. There is at least one thread for each pixel, and there may be many
#   more in both axes.
# * Threads beside each other along x handle pixels beside each other in a row.
#
# 6 points: 3 for right results, 1 for bounds, 1 for neighbouring accesses, 1 for inputs that stay.


# %% nbgrader={"grade_id": "calibrate", "solution": true}
@cuda.jit
def calibrate(raw, dark, gain, limit, heat, dead):
    # Your code
    pass


# %% nbgrader={"grade_id": "calibrate-test", "grade": true, "locked": true, "points": 6}
import checks

checks.calibrate(calibrate)
### BEGIN HIDDEN TESTS
import exam

exam.calibrate(calibrate)
### END HIDDEN TESTS

# %% [markdown]
# ## Task 2: strips
#
# The control wants a short report on each strip of an image. Each block looks at one strip: as many pixels as it has
# threads, the last strip may be shorter. Write a kernel that finds the coldest and the hottest value of each strip, and
# the bin that most of its pixels are in. Count and compare by atomic operations in shared memory.
#
# | Parameter | Type | Meaning |
# |---|---|---|
# | `heat` | `int32`, shape `(n,)` | hundredths of a degree, below zero, too |
# | `low` | `int32`, a number | where bin 0 begins |
# | `step` | `int32`, a number | width of a bin, 1 or more |
# | `bins` | `int32`, a number | how many bins there are, 1 to 64 |
# | `coldest`, `hottest` | `int32`, outputs | smallest and largest value of each strip |
# | `common` | `int32`, output | number of the fullest bin of each strip |
#
# * Bin `b` begins at `low + b * step`, and that value belongs to it. Bin 0 also takes all lower values, the last bin all
#   higher ones.
# * If several bins are equally full, `common` is the smallest of their numbers.
# * Outputs have one element for each strip, element `s` for that of block `s`. They hold anything at the beginning.
# * The launch has one axis and just as many blocks as needed. A block has 32 to 256 threads, which may be fewer than
#   there are bins.
#
# 6 points: 2 for right results, 1 for bounds, 1 for a kernel without races, 2 for threads that work together. For the
# last ones the kernel must be faster, or move less memory, than one in which a single thread of each block does all.


# %% nbgrader={"grade_id": "strips", "solution": true}
@cuda.jit
def strips(heat, low, step, bins, coldest, hottest, common):
    # Your code
    pass


# %% nbgrader={"grade_id": "strips-test", "grade": true, "locked": true, "points": 6}
import checks

checks.strips(strips)
### BEGIN HIDDEN TESTS
import exam

exam.strips(strips)
### END HIDDEN TESTS

# %% [markdown]
# ## Task 3: a quarter turn
#
# The camera is mounted sideways. Write a kernel that turns its images by a quarter to the right:
#
#     1 2 3         4 1
#     4 5 6   ->    5 2
#                   6 3
#
# | Parameter | Type | Meaning |
# |---|---|---|
# | `image` | `float32`, shape `(height, width)` | the image |
# | `out` | `float32`, shape `(width, height)`, output | the turned image |
#
# * `out[r, c]` is `image[height - 1 - c, r]`. Height and width are any numbers from 1 on.
# * `out` holds anything at the beginning.
# * Blocks have 32 × 32 threads. The grid has just as many as needed to cover `image`, with x along its columns.
# * The threads of a warp read neighbouring pixels of a row, and write neighbouring pixels of a row. For this the block
#   exchanges a tile in shared memory.
#
# 8 points: 2 for right results, 1 for bounds, 1 for a kernel without races, 4 for neighbouring accesses.


# %% nbgrader={"grade_id": "quarter_turn", "solution": true}
@cuda.jit
def quarter_turn(image, out):
    # Your code
    pass


# %% nbgrader={"grade_id": "quarter_turn-test", "grade": true, "locked": true, "points": 8}
import checks

checks.quarter_turn(quarter_turn)
### BEGIN HIDDEN TESTS
import exam

exam.quarter_turn(quarter_turn)
### END HIDDEN TESTS

# %% [markdown]
# ## Hand in
#
# Run all cells once more from top to bottom, save, and hand in. The course's page shows your result, how many attempts
# you have left, and from when.
