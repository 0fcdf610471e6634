# %% [markdown]
# # Honest timing
#
# The line delivers 200 thermal images a second. So the evaluation has 5 milliseconds for each. A colleague has built a
# new filter and says: "Forty times faster!" Is that so?
#
# Nothing in this course is measured wrongly as often as time. The host's clock stops too early, the first run is
# special, and a single bad value ruins a mean. In this unit you learn to measure so that others can rely on it.
#
# You need about 55 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## The clock that stops too early
#
# When Python calls a CuPy operation, it only puts an order on a list, the **stream**. The device works through the
# list. The call is back long before the work is done: a launch is **asynchronous**.
#
# ![Two time lines. The host orders A, B and C in quick succession; a stopwatch above them starts before A and stops
# right behind C. On the device below, A, B and C follow one after the other and end much later. A second bracket below
# the device spans all three.](figures/stopwatch.svg)
#
# **What do you expect?** The host needs 0.01 ms to give an order, the device 2 ms to carry it out. You start the host's
# clock, order 100 operations, and stop the clock. What does it show, and what would be right? Write down both, then run
# the cell.

# %%
orders, to_order, to_work = 100, 0.01, 2.0  # milliseconds
print(f"the host's clock shows {orders * to_order:.0f} ms")
print(f"the device needs {to_order + orders * to_work:.2f} ms")

# %% [markdown]
# The clock on the wall is not wrong. It has measured how long **ordering** takes. Had you waited for the device before
# stopping, it would be right but for the way back and forth.
#
# ## Events
#
# It is better to let the device take the time itself. An **event** is a mark in the stream. When the device gets there,
# it notes the time. `cp.cuda.get_elapsed_time(start, end)` gives the milliseconds between two of them.
#
# You must not ask before the device has come past the second mark. `end.synchronize()` waits for that.


# %%
def work(image, steps):
    for _ in range(steps):
        image = cp.sqrt(image)
    return image


def elapsed(function, *arguments):
    start, end = cp.cuda.Event(), cp.cuda.Event()
    start.record()
    function(*arguments)
    end.record()
    end.synchronize()
    return cp.cuda.get_elapsed_time(start, end)


image = cp.full((128, 128), 50, cp.float32)
print(f"10 steps: {elapsed(work, image, 10):.4f} ms")

# %% [markdown]
# Where there is no GPU, these milliseconds come from a **modelled timeline**. There each operation takes 0.002 ms to
# begin, and then as long as its bytes take through a memory with 40 GB/s. No GPU is like that, but the rules are the
# same: orders in a row, a beginning that costs something, a memory that sets the limit.
#
# **What do you expect?** How do the times for 10, 20 and 40 steps relate? And how much longer does a step take for 16
# times as many pixels: 16 times, more, or less?

# %%
for steps in (10, 20, 40):
    print(f"{steps} steps of 128 x 128 pixels: {elapsed(work, image, steps):.4f} ms")
for side in (32, 128, 512):
    pixels = cp.full((side, side), 50, cp.float32)
    print(f"1 step of {side:3} x {side:3} pixels: {elapsed(work, pixels, 1):.4f} ms")

# %% [markdown]
# Twice the work takes twice as long: that is the simplest test of any measurement. If yours fails it, it measures
# something else.
#
# With the pixels it is different. From 32 × 32 to 128 × 128 the time does not even grow to threefold, since for the
# small image nearly all of it is the beginning. From 128 × 128 to 512 × 512 it grows tenfold. So for small arrays you
# measure launches and not your kernel. Measure at the size that you will use.

# %% [markdown]
# ## Exercise 1: measure
#
# Write `measure(image, steps, repeats)`. It measures `work(image, steps)` from above with events, several times:
#
# * `image` lies on the device. The result is a list of `repeats` numbers, the milliseconds of each single call.
# * Before that, `work` runs at least once without being measured: the **warm-up**.
# * Nobody asks for a time before the device is done.


# %% nbgrader={"grade_id": "measure", "solution": true}
def measure(image, steps, repeats):
    # Your code here: warm up, then two events around each call.
    raise NotImplementedError


# %% [markdown]
# Check your function as often as you like. The points come from the same check with other numbers.

# %% nbgrader={"grade_id": "measure-test", "grade": true, "locked": true, "points": 6}
import checks

checks.measure(measure)
### BEGIN HIDDEN TESTS
import exam

exam.measure(measure)
### END HIDDEN TESTS

# %%
# Stuck? Each run of this cell shows one more hint.
checks.measure_hint()

# %% [markdown]
# ## A series, not a number
#
# Why warm up, and why several times? On a real GPU a series looks about like this one. The numbers are made up, but
# each oddity in it is well known:

# %%
series = [412.0, 2.07, 2.04, 2.05, 2.03, 2.06, 9.87, 2.04, 2.05, 2.03, 2.04, 5.12]

# %% [markdown]
# * The **first call** takes 412 ms. There the kernel is compiled, memory is fetched from the driver, the GPU wakes up.
#   Whoever processes 200 images a second pays that once, and so it does not belong in the time for an image.
# * Two values in the middle of it are **outliers**: another program wanted the GPU, or the clock rate changed.
# * All others differ by hundredths. That is the **noise**.
#
# ![Twelve bars. The first one is cut off, since it would be far too high. Nine bars are of about the same height, the
# seventh and the twelfth stick out. A dashed line for the mean runs well above the nine bars, a solid one for the median
# at their height.](figures/series.svg)
#
# **What do you expect?** Without the first value: is the mean or the median closer to what a call typically takes? By
# how many per cent is the other one off?

# %%
warm = np.array(series[1:])
print(f"mean {warm.mean():.2f} ms, median {np.median(warm):.2f} ms, least {warm.min():.2f} ms")

# %% [markdown]
# The **median** is the value in the middle of the sorted series. Two outliers out of eleven raise the mean by 48 per
# cent and leave the median as it is. The least value is not honest either: nobody gets it every time.
#
# A number without its spread is half a statement. The usual spread does not help, since outliers blow it up. A robust
# one is the **median of the distances to the median**. If two medians differ by less than that, you have no difference.

# %% [markdown]
# ## Exercise 2: robust
#
# Write `robust(samples, warm_up)`:
#
# * `samples` is a NumPy array of milliseconds, in the order in which they were measured. The first `warm_up` of them do
#   not count; at least one is left.
# * The result is two numbers: the median of the rest, and the median of the distances of the rest to this median.
# * `samples` stays as it is.


# %% nbgrader={"grade_id": "robust", "solution": true}
def robust(samples, warm_up):
    # Your code here: leave out, take the median, take the distances.
    raise NotImplementedError


# %% nbgrader={"grade_id": "robust-test", "grade": true, "locked": true, "points": 5}
import checks

checks.robust(robust)
### BEGIN HIDDEN TESTS
import exam

exam.robust(robust)
### END HIDDEN TESTS

# %%
checks.robust_hint()

# %% [markdown]
# ## Is that fast?
#
# "Forty times faster" says nothing as long as you do not know what it is compared with. Forty times faster than slow
# may still be slow. A better question is: how close is it to what the device can do at all?
#
# Most operations on images are limited by memory. So count the bytes that **must** move: each input once, each output
# once. Divided by the time, that is the **effective bandwidth**, in GB/s. One GB is 10⁹ bytes here, as on every data
# sheet. Beside it stands the limit: 4800 GB/s for the memory of an H200, 40 GB/s in the modelled timeline.
#
# **What do you expect?** `x * 2 + 1` reads the image and writes it, in two operations. How many per cent of the limit
# can it reach at most? And the same in one kernel?

# %%
scale = cp.ElementwiseKernel("float32 x", "float32 y", "y = x * 2.0f + 1.0f", "scale")
pixels = cp.full((512, 512), 50, cp.float32)
must_move = 2 * pixels.nbytes
scale(pixels)  # warm-up
for name, function in (("two operations", lambda: pixels * 2 + 1), ("one kernel", lambda: scale(pixels))):
    milliseconds = elapsed(function)
    rate = must_move / (milliseconds / 1000) / 1e9
    print(f"{name:14} {milliseconds:.4f} ms {rate:5.1f} GB/s")

# %% [markdown]
# The two operations move twice as much as needed, so they end below half of the limit. The kernel comes close to it.
# Its speed-up is 2, and more is hardly left to gain. Whoever reports both numbers has said everything.
#
# The bandwidth is also a test. If yours lies **above** the limit, the measurement is wrong, mostly because the clock
# stopped too early.

# %% [markdown]
# ## Exercise 3: find the bugs in compare
#
# The colleague's report is based on this function. It makes the new filter look good. Mend it, so that it is fair:
#
# * `before` and `after` are series of milliseconds, NumPy arrays. In both the first value is the warm-up and does not
#   count.
# * `nbytes` is how many bytes a call must move, `limit` the device's limit in GB/s.
# * The result is three numbers. The first is how many times faster the median call became. The second is the effective
#   bandwidth of the new one in GB/s, by its median. The third is the share of the limit that this is.
# * The series stay as they are.


# %% nbgrader={"grade_id": "compare", "solution": true}
def compare(before, after, nbytes, limit):
    # Mend this; you may change every line.
    after.sort()
    faster = before.mean() / after[0]
    rate = nbytes / np.median(after) / 1024**3
    return faster, rate, limit / rate


# %% nbgrader={"grade_id": "compare-test", "grade": true, "locked": true, "points": 6}
import checks

checks.compare(compare)
### BEGIN HIDDEN TESTS
import exam

exam.compare(compare)
### END HIDDEN TESTS

# %%
checks.compare_hint()

# %% [markdown]
# When your check passes, put your three functions together: is the kernel twice as fast, and is there anything left?
# The modelled timeline knows no noise, so the spread is 0 there.

# %%
try:
    typical, spread = robust(np.array(measure(image, 10, 5)), 0)
    print(f"10 steps: {typical:.4f} ms, spread {spread:.4f} ms")
    old = np.array([elapsed(lambda: pixels * 2 + 1) for _ in range(6)])
    new = np.array([elapsed(scale, pixels) for _ in range(6)])
    faster, rate, share = compare(old, new, must_move, 40)
    print(f"{faster:.2f} times as fast, {rate:.1f} GB/s, {share:.0%} of the limit")
except NotImplementedError:
    print("One of your functions is not written yet.")

# %% [markdown]
# ## In your own words
#
# The colleague's report says: "The image has 64 MB, it is read once and written once. I start `time.time()`, call my
# filter, and stop: 0.02 ms. The old filter took 0.8 ms, with the first call included. So mine is forty times faster, on
# an H200 with 4800 GB/s." Name two mistakes, show by a calculation that the number cannot be right, and say how you
# would measure. Four or five sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "forty_times", "grade": true, "solution": true, "points": 4}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * Launches are asynchronous: a clock on the host measures ordering, unless it waits for the device.
# * Events are marks in the stream. Wait for the second one before you ask for the time between them.
# * Warm up first. Then take a series, its median, and the median of the distances to it.
# * Twice the work must take twice the time, else you measure something else.
# * Report the speed-up **and** the share of the limit. More than 100 per cent is a mistake.
#
# The modelled timeline shows how times behave, but it is no measure of any GPU. Measure there what you want to claim.
#
# ## Further reading
#
# * [CuPy's guide to performance: measuring](https://docs.cupy.dev/en/stable/user_guide/performance.html)
# * [CuPy's description of events](https://docs.cupy.dev/en/stable/reference/generated/cupy.cuda.Event.html)
# * [CUDA C++ Best Practices Guide: timing and
#   bandwidth](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#performance-metrics)
