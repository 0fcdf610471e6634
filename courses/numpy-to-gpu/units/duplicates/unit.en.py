# %% [markdown]
# # Counting without losing any
#
# Where does the hot zone in a thermal image begin? A **histogram** answers that. It counts how many pixels lie in each
# interval of temperature. Two hills show up, the cool part and the hot zone, and the valley between them is the limit.
#
# Counting looks like the easiest thing on earth. On an array it has a trap that loses nearly all pixels and raises no
# error. In this unit you see why, and learn three ways around it.
#
# You need about 50 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import checks
import cupy as cp
import cupyx
import numpy as np

# %% [markdown]
# ## Which bin is it?
#
# The intervals are called **bins**. `k` bins need `k + 1` **edges**, in ascending order. A value belongs to a bin if it
# reaches the lower edge and stays below the upper one. `searchsorted` finds the place of each value among the edges,
# all values in one operation.
#
# ![A scale with edges at 20, 40, 60 and 80 degrees. Places 1, 2 and 3 lie between the edges. Place 0 is left of 20
# degrees, place 4 right of 80 degrees. 18 degrees falls into place 0, 25 into place 1, 60 and 71.5 into place
# 3.](figures/bins.svg)
#
# With `side="right"` a value on an edge goes to the right of it: 60 °C is in place 3. Note the two places outside. Four
# edges make five places, from 0 to 4, and only 1 to 3 are bins.
#
# **What do you expect?** Which places do 18, 25, 60, 71.5 and 80 degrees get?

# %%
edges = cp.asarray(np.array([20, 40, 60, 80], dtype=np.float32))
temps = cp.asarray(np.array([18, 25, 60, 71.5, 80], dtype=np.float32))
cp.searchsorted(edges, temps, side="right")

# %% [markdown]
# 80 °C is outside: no bin contains the last edge. That is how we count here. `cp.histogram` decides otherwise and puts
# the last edge into the last bin, so read the description of a function before you compare two histograms.

# %% [markdown]
# ## The trap
#
# Now we count. For each pixel the counter at its place has to grow by one. With an array of places that is one line.
#
# **What do you expect?** Place 1 occurs three times below, place 2 once, place 0 once. Write down the four counters,
# then run the cell.

# %%
place = cp.asarray([0, 1, 1, 2, 1])
counts = cp.zeros(4, cp.int32)
counts[place] += 1
counts

# %% [markdown]
# Place 1 was counted **once**. Python takes the line apart into three steps, and each works on whole arrays:
#
# 1. Read: `old = counts[place]` gives five values, all 0.
# 2. Add: `new = old + 1` gives five values, all 1.
# 3. Write: `counts[place] = new` writes a 1 to place 1, three times.
#
# ![Left, the line h[idx] += 1: three additions read the same 5, each computes 6, and all three write 6. Right,
# scatter_add: the additions come one after the other and lead from 5 over 6 and 7 to 8.](figures/lost.svg)
#
# NumPy does the same; it is no fault of the GPU. But on the GPU the writes really happen at the same time. If they
# wrote different values, nobody could say which one stays.

# %% [markdown]
# ## Adding as one piece
#
# An **atomic** addition reads, adds and writes as one piece that nobody can interrupt. `cupyx.scatter_add` uses it for
# every index, so each duplicate counts.

# %%
counts = cp.zeros(4, cp.int32)
cupyx.scatter_add(counts, place, 1)
counts

# %% [markdown]
# `cp.bincount(place, minlength=4)` counts as well, and there is a third way without any counter: sort the values and
# ask where the edges would stand. What to know about the first two:
#
# | | `cupyx.scatter_add(counts, place, v)` | `cp.bincount(place, weights, minlength)` |
# | --- | --- | --- |
# | adds | `v`: a number, or one value for each index | ones, or `weights` |
# | dtype | that of `counts`: `int32`, `uint32`, `uint64`, `float32`, `float64` | `int64`, with weights `float64` |
# | length | that of `counts` | the largest place plus one, at least `minlength` |
# | waits for the device | no | yes: it looks for the smallest and the largest place |
# | empty input | fine | CuPy refuses it |
#
# `int64` is missing in the first column: CuPy refuses it there, while the stand-in that you may be using here takes
# it. Use `int32` for counters. That is enough for two thousand million pixels.

# %% [markdown]
# ## A check that always holds
#
# Whatever the image shows, the counters must add up to the number of pixels, as long as all places have a counter.
#
# **What do you expect?** The frame below has 24 × 32 = 768 pixels, and there are 14 places. How large can the sum at
# most become with `+= 1`?

# %%
rng = np.random.default_rng(11)
scene = rng.normal(30, 3, size=(24, 32)).astype(np.float32)
scene[8:16, 10:20] += 40  # the hot zone

frame = cp.asarray(scene)
scale = cp.asarray(np.arange(20, 85, 5, dtype=np.float32))  # 13 edges, 12 bins
place = cp.searchsorted(scale, frame.ravel(), side="right")

wrong = cp.zeros(14, cp.int32)
wrong[place] += 1
right = cp.zeros(14, cp.int32)
cupyx.scatter_add(right, place, 1)
print("+= 1:       ", wrong, "sum", wrong.sum())
print("scatter_add:", right, "sum", right.sum())

# %% [markdown]
# The second row shows both hills and the valley. The first one says only which places occur at all.

# %% [markdown]
# ## Outside wraps around
#
# One more difference to NumPy. Where an index array points outside, NumPy raises an `IndexError`. CuPy cannot: it would
# have to wait for the device to know. It **wraps** the index around instead.
#
# **What do you expect?** There are four counters, with indices 0 to 3. Which of them grow?

# %%
counts = cp.zeros(4, cp.int32)
cupyx.scatter_add(counts, cp.asarray([-1, 4, 5]), 1)
counts

# %% [markdown]
# Index -1 is the last counter, as everywhere in Python. But 4 became 0, and 5 became 1. A pixel outside the scale then
# lands in a bin where it has no business. The remedy costs two counters: give the places outside one each, and cut
# them off at the end.

# %% [markdown]
# ## Exercise 1: find the bugs in temperature_histogram
#
# This function came to you with the words "works in my test". The test was one row of different temperatures, all
# inside the scale. Mend it:
#
# * `temps` has the shape `(h, w)`, `edges` the shape `(k + 1,)`, ascending. Both are `float32` on the device.
# * Return a CuPy array of `k` counters, dtype `int32`. Counter `i` counts the pixels with
#   `edges[i] <= t < edges[i + 1]`.
# * A pixel outside all bins is not counted, and neither is one on the last edge. A frame without pixels gives zeros.
# * At most 64 bytes come back to the host, no Python loop walks over bins or pixels, and the inputs stay as they are.


# %% nbgrader={"grade_id": "temperature_histogram", "solution": true}
def temperature_histogram(temps, edges):
    # Mend this; you may change every line.
    place = cp.searchsorted(edges, temps.ravel(), side="right") - 1
    counts = cp.zeros(edges.size - 1, cp.int32)
    counts[place] += 1
    return counts


# %% [markdown]
# Check your function as often as you like. The points come from the same check with other scenes.

# %% nbgrader={"grade_id": "temperature_histogram-test", "grade": true, "locked": true, "points": 7}
import checks

checks.temperature_histogram(temperature_histogram)
### BEGIN HIDDEN TESTS
import exam

exam.temperature_histogram(temperature_histogram)
### END HIDDEN TESTS

# %%
# Stuck? Each run of this cell shows one more hint.
checks.temperature_histogram_hint()

# %% [markdown]
# ## Summing up by label
#
# With a limit from the histogram, the image falls into **segments**: connected zones, each with a number. The table of
# these numbers is called `labels`; -1 means background. For each segment we want its mean temperature.
#
# That is counting once more, only that each pixel brings its temperature along instead of a one. `scatter_add` takes an
# array of values for that, as long as the array of places. In `float32` the order of the additions changes the last
# digits, and it may change from run to run. So compare such sums with a tolerance.

# %%
labels = cp.asarray([0, 1, 1, 0, 2])
values = cp.asarray(np.array([20, 50, 54, 22, 90], dtype=np.float32))
total = cp.zeros(3, cp.float32)
cupyx.scatter_add(total, labels, values)
total

# %% [markdown]
# ## Exercise 2: segment_means
#
# Write `segment_means(temps, labels, count)`:
#
# * `temps` (`float32`) and `labels` (`int32`) have the same shape `(h, w)` and lie on the device. `count` is a Python
#   number: labels go from 0 to `count - 1`, and -1 is background.
# * Return a CuPy array of shape `(count,)` and the dtype of `temps`: the mean of each segment's pixels. A segment without
#   pixels gets 0.
# * The background belongs to no segment.
# * The same limits as before: 64 bytes to the host, no Python loop over segments, inputs unchanged.


# %% nbgrader={"grade_id": "segment_means", "solution": true}
def segment_means(temps, labels, count):
    # Your code here: what has to be added up, and where does the background go?
    raise NotImplementedError


# %% nbgrader={"grade_id": "segment_means-test", "grade": true, "locked": true, "points": 7}
import checks

checks.segment_means(segment_means)
### BEGIN HIDDEN TESTS
import exam

exam.segment_means(segment_means)
### END HIDDEN TESTS

# %%
checks.segment_means_hint()

# %% [markdown]
# ## In your own words
#
# Why does `counts[place] += 1` pass a test in which all places differ? Which test would you write so that the bug cannot
# hide, and what exactly does it compare? Three or four sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "hidden_bug", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * `h[idx] += v` reads all, adds all, writes all. Of several equal indices one survives.
# * `cupyx.scatter_add` adds atomically, `cp.bincount` counts, sorting needs no counters at all.
# * An index outside wraps around without a word. Give the values outside counters of their own.
# * Test counting with many equal values, with values on the edges and outside, and with none at all. The sum must fit.
# * Atomic additions of `float32` come in any order. Compare with a tolerance.
#
# ## Further reading
#
# * [CuPy's description of scatter_add](https://docs.cupy.dev/en/stable/reference/generated/cupyx.scatter_add.html)
# * [CuPy's list of differences to NumPy, with indices out of
#   bounds](https://docs.cupy.dev/en/stable/user_guide/difference.html)
# * [NumPy's description of searchsorted](https://numpy.org/doc/stable/reference/generated/numpy.searchsorted.html)
