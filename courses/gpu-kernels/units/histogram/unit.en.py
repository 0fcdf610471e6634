# %% [markdown]
# # Histograms without races
#
# How much of the workpiece is hotter than 60 degrees, and how is its heat spread? A **histogram** answers that: it sorts
# pixels into bins and counts. Up to now each thread had a place of its own to write to. Now many threads count in one
# place.
#
# Afterwards you can
#
# * explain how threads lose counts in a race;
# * count and compare with atomic operations, for any data and any number of bins;
# * find a race in a kernel and mend it.
#
# You need about 55 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import numpy as np
from numba import cuda

rng = np.random.default_rng(11)
heat = np.concatenate([rng.normal(24, 1.5, 700), rng.normal(62, 6, 300)]).astype(np.float32)
print(f"{heat.size} pixels, {(heat > 60).sum()} of them hotter than 60 degrees")

# %% [markdown]
# ## A count that gets lost
#
# The obvious kernel adds 1 for each hot pixel, `counts[0] += 1`. It has a mistake, which this unit is about.
#
# **What do you expect?** What does the kernel count? The line above tells you what is right. Write down your guess, then
# run the cell.


# %%
@cuda.jit
def count_hot(heat, limit, counts):
    i = cuda.grid(1)
    if i < heat.shape[0] and heat[i] > limit:
        counts[0] += 1


pixels = cuda.to_device(heat)
counts = cuda.to_device(np.zeros(1, np.int32))
count_hot[4, 256](pixels, np.float32(60), counts)
print(f"counted: {counts.copy_to_host()[0]} hot pixels")

# %% [markdown]
# Nearly all counts got lost. On a GPU the number may differ at each run, so such a mistake is hard to catch with a test.
# The emulated GPU watches who reads and writes what. It says in which line threads get into each other's way.
#
# The reason: `counts[0] += 1` is **three** steps. A thread reads the count, adds 1, and writes the result back. Between
# reading and writing others may do the same. The picture shows two threads, A and B, and time runs to the right:
#
# ![Thread A, the count counts[0] in memory and thread B over time. The count is 4. First A reads 4, then B reads 4. Then A writes 4 + 1 and the count becomes 5. Then B writes 4 + 1 and the count stays 5.](figures/race.svg)
#
# Both threads counted, but the count grew by one only. If the result depends on who comes first, that is a **race**.
# Whenever two threads use the same place, and at least one of them writes, you must ask whether there is one.
#
# ## Three steps as one
#
# An **atomic operation** makes the three steps one that nobody can interrupt. `cuda.atomic.add(array, index, value)` adds
# `value` to `array[index]`. All additions take place, in any order.


# %%
@cuda.jit
def count_hot_atomic(heat, limit, counts):
    i = cuda.grid(1)
    if i < heat.shape[0] and heat[i] > limit:
        cuda.atomic.add(counts, 0, 1)


counts = cuda.to_device(np.zeros(1, np.int32))
count_hot_atomic[4, 256](pixels, np.float32(60), counts)
print(f"counted: {counts.copy_to_host()[0]} hot pixels")

# %% [markdown]
# ## From a temperature to a bin
#
# A histogram has bins of the same width. With `low = 20` and `width = 2`, bin 0 holds 20 to below 22 degrees, bin 1 holds
# 22 to below 24, and so on. So the number of the bin is `(t - low) / width`, rounded down.
#
# **What do you expect?** Converting with `int` cuts off what stands behind the point. Which bins do 19.9 and 17.9
# degrees get that way? Do they belong there?

# %%
for t in (17.9, 19.9, 20.0, 21.9, 22.0, 61.0):
    print(f"{t} degrees: bin {int((t - 20) / 2)}")

# %% [markdown]
# `int` rounds towards 0, so 19.9 degrees get into bin 0, where they do not belong. Compare with `low` *before* you
# convert. At the other end a guard is needed, too: a bin that does not exist must not be touched.

# %% [markdown]
# ## Exercise 1: histogram
#
# Write a kernel that adds each temperature of `heat` to its bin in `counts`:
#
# * bin `b` counts the temperatures from `low + b * width` up to, but not including, `low + (b + 1) * width`;
# * temperatures below the first bin or above the last one are not counted;
# * `counts` holds whole numbers and starts with what is in it. There may be one bin or more bins than pixels.
#
# The launch has at least one thread for each pixel.


# %% nbgrader={"grade_id": "histogram", "solution": true}
@cuda.jit
def histogram(heat, low, width, counts):
    # Your code: which bin, does it exist, and who else counts in it?
    pass


# %% [markdown]
# Check your kernel as often as you like. The points come from the same check with other sizes.

# %% nbgrader={"grade_id": "histogram-test", "grade": true, "locked": true, "points": 6}
import checks

checks.histogram(histogram)
### BEGIN HIDDEN TESTS
import exam

exam.histogram(histogram)
### END HIDDEN TESTS

# %%
checks.histogram_hint()

# %% [markdown]
# Your histogram of the workpiece, with bins of 4 degrees. As long as your kernel is empty, there are no bars.

# %%
bins = cuda.to_device(np.zeros(16, np.int32))
histogram[4, 256](pixels, np.float32(20), np.float32(4), bins)
for number, count in enumerate(bins.copy_to_host()):
    print(f"{20 + 4 * number:3} degrees {count:4} {'#' * (int(count) // 8)}")

# %% [markdown]
# ## What atomic operations cost
#
# Threads that meet in one place have to queue. On the left eight threads spread over four bins, and each bin takes two.
# On the right all eight want the same bin, and they go one after the other:
#
# ![Two groups of eight threads, 0 to 7, above four bins each. Left: arrows lead from two threads to each bin, and each bin shows plus 2. Right: all eight arrows lead to the third bin, which shows plus 8, the others plus 0.](figures/crowd.svg)
#
# A histogram of a nearly uniform image is the worst case, for most pixels share one bin. A later unit lets each block
# count for itself first. Until then: right comes before fast.
#
# Besides adding there are `cuda.atomic.max` and `cuda.atomic.min`, which keep the greater or the smaller value, and
# `cuda.atomic.cas`, which replaces a value only if it is still the expected one.

# %% [markdown]
# ## Exercise 2: hottest
#
# Write a kernel that finds the greatest raw value of an image. `raw` holds whole numbers, which may be negative.
# `most` has one element. Afterwards it holds the greatest value of all pixels, or keeps its own if that is greater.


# %% nbgrader={"grade_id": "hottest", "solution": true}
@cuda.jit
def hottest(raw, most):
    # Your code: comparing and writing must not be torn apart.
    pass


# %% nbgrader={"grade_id": "hottest-test", "grade": true, "locked": true, "points": 4}
import checks

checks.hottest(hottest)
### BEGIN HIDDEN TESTS
import exam

exam.hottest(hottest)
### END HIDDEN TESTS

# %%
checks.hottest_hint()

# %% [markdown]
# ## Exercise 3: find the mistakes
#
# For each row of the image, the machine's control wants to know how many pixels are hotter than `limit`. `counts` has
# one element for each row and starts at 0. The kernel below has two mistakes. One shows itself in images that are wider
# than high, the other one wherever a row has several hot pixels. Mend both.


# %% nbgrader={"grade_id": "hot_per_row", "solution": true}
@cuda.jit
def hot_per_row(image, limit, counts):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height and image[y, x] > limit:
        counts[x] += 1


# %% nbgrader={"grade_id": "hot_per_row-test", "grade": true, "locked": true, "points": 5}
import checks

checks.hot_per_row(hot_per_row)
### BEGIN HIDDEN TESTS
import exam

exam.hot_per_row(hot_per_row)
### END HIDDEN TESTS

# %%
checks.hot_per_row_hint()

# %% [markdown]
# ## In your own words
#
# A colleague says: "My kernel with `counts[b] += 1` gave the right histogram ten times, so there is no race." What do you
# answer? Say with which data it may well work, with which it will not, and why. Three or four sentences. A person reads
# and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-race", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * `+= 1` is reading, adding and writing. Others may come in between.
# * Where several threads write to one place, use `cuda.atomic.add`, `max` or `min`.
# * Compare with the lower limit before `int`, and guard the bin as well as the pixel.
# * A test that passed does not prove that there is no race. A tool that watches accesses finds more.
#
# ## Further reading
#
# * [Numba CUDA: supported atomic operations](https://nvidia.github.io/numba-cuda/user/intrinsics.html)
# * [NVIDIA's CUDA Programming Guide, with a part on atomic functions](https://docs.nvidia.com/cuda/cuda-programming-guide/)
