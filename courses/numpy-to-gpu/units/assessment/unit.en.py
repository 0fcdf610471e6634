# %% [markdown]
# # Assessment
#
# Three thermal cameras now watch the production line, and their images arrive in batches. What you wrote in this
# course is put together: raw counts become a signal, the signal becomes hot spots and weighted temperatures. You write
# one function for each of the three steps.
#
# You have about 60 minutes. With 70 % of the 25 points you have passed.
#
# ## What holds for all three tasks
#
# * A batch has the shape `(n, h, w)`. `n` is any whole number from 0 on; `h` and `w` are at least 1 and may be odd.
# * All arrays are CuPy arrays, contiguous in memory. No input is changed, and the result is a new CuPy array.
# * Nothing is copied between host and device, in either direction. Numbers that you pass to a kernel are no copy.
# * Each task says how many operations may be started, for any `n`. They are counted as in the units before.
#
# A check with small batches stands below each task; run it as often as you like. The points come from the same checks
# with other batches.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Task 1: subtract_dark
#
# Write `subtract_dark(frames, dark, limit)`. It subtracts the dark field from each image:
#
# * `frames` has the shape `(n, h, w)`, `dark` the shape `(h, w)`. Both are `uint16`, and all 65 536 values can occur.
# * `limit` is a Python `int` from 0 to 65 535.
# * The result has the shape of `frames` and the dtype `uint16`. It holds the difference `frames - dark`, in whole
#   numbers that may be negative, clipped to 0 below and to `limit` above.
# * At most 8 operations are started.


# %% nbgrader={"grade_id": "subtract_dark", "solution": true}
def subtract_dark(frames, dark, limit):
    # Your code, and above the function what it needs.
    raise NotImplementedError


# %% nbgrader={"grade_id": "subtract_dark-test", "grade": true, "locked": true, "points": 7}
import checks

checks.subtract_dark(subtract_dark)
### BEGIN HIDDEN TESTS
import exam

exam.subtract_dark(subtract_dark)
### END HIDDEN TESTS

# %% [markdown]
# ## Task 2: hot_spots
#
# Write `hot_spots(counts)`. It reports on each image with four numbers:
#
# * `counts` has the shape `(n, h, w)` and the dtype `uint16`; all 65 536 values can occur. An image has fewer than a
#   million pixels.
# * An image's threshold is half the sum of its smallest and its largest value, rounded down to a whole number. A pixel
#   is hot where its value is greater than the threshold of its own image.
# * The result has the shape `(n, 4)` and the dtype `float32`. Row `i` belongs to image `i`.
# * Column 0 is the threshold, column 1 the number of hot pixels.
# * Column 2 is the mean of the hot pixels' row indices, column 3 the mean of their column indices. Both count from 0.
#   Each hot pixel has the same weight. Where an image has no hot pixel, both are -1.
# * At most 40 operations are started.


# %% nbgrader={"grade_id": "hot_spots", "solution": true}
def hot_spots(counts):
    # Your code, and above the function what it needs.
    raise NotImplementedError


# %% nbgrader={"grade_id": "hot_spots-test", "grade": true, "locked": true, "points": 10}
import checks

checks.hot_spots(hot_spots)
### BEGIN HIDDEN TESTS
import exam

exam.hot_spots(hot_spots)
### END HIDDEN TESTS

# %% [markdown]
# ## Task 3: weighted
#
# Write `weighted(counts, gain, offset, low, high)` with an `ElementwiseKernel` or a `RawKernel` of your own. Which of
# the two is your choice. It does everything in a single launch, in `float32`:
#
# * `counts` has the shape `(n, h, w)` and the dtype `uint16`. `gain` and `offset` have the same shape and the dtype
#   `float32`: each image brings the values of its camera along.
# * `low` and `high` are Python `float`, and `low < high`.
# * Each pixel has the temperature `t = gain * count + offset`.
# * The weight is 0 for `t <= low` and 1 for `t >= high`. In between it is `(t - low) / (high - low)`.
# * The result has the shape of `counts` and the dtype `float32`. It holds `t` times its weight.
# * At most 1 operation is started: your kernel.
# * The kernel reads and writes nothing outside its arrays.


# %% nbgrader={"grade_id": "weighted", "solution": true}
def weighted(counts, gain, offset, low, high):
    # Your code, and above the function what it needs.
    raise NotImplementedError


# %% nbgrader={"grade_id": "weighted-test", "grade": true, "locked": true, "points": 8}
import checks

checks.weighted(weighted)
### BEGIN HIDDEN TESTS
import exam

exam.weighted(weighted)
### END HIDDEN TESTS

# %% [markdown]
# ## Handing in
#
# Restart the kernel of the notebook and run all cells once before you hand in. Your best attempt counts.
