# %% [markdown]
# # Two memories and the bridge between them
#
# A thermal camera watches a machine part while it is milled. It delivers a **film**: a stack of frames, each frame a
# table of temperatures. The evaluation is to run on the GPU, beside the machine, without ever falling behind.
#
# The computing is the easy part. What decides is how often data cross from one memory to the other, and how often
# Python has to wait. Both happen in lines that look harmless. In this unit you learn to see them.
#
# You need about 60 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## A narrow bridge
#
# The processor that runs Python is the **host**, the GPU is the **device**. Each has a memory of its own, and between
# them lies a bridge that is much narrower than the road on the device.
#
# ![Host and device as two boxes. A hair-thin band of 63 gigabytes a second joins them, crossed by cp.asarray to the
# device and cp.asnumpy back. Inside the device a band of 4800 gigabytes a second, drawn to the same scale, is nearly
# as wide as the box is high.](figures/bridge.svg)
#
# The two numbers are the most that a PCIe 5.0 slot with 16 lanes and the memory of an H200 can do. Take a film of
# 1000 frames with 480 by 640 pixels in `float32`.
#
# **What do you expect?** How many milliseconds does it need over the bridge, and how many to be read once on the
# device? Write down two numbers, then run the cell.

# %%
size = 1000 * 480 * 640 * 4  # bytes
for name, speed in (("bridge", 63e9), ("device memory", 4800e9)):
    print(f"{name:14} {1000 * size / speed:6.2f} ms for {size / 1e6:.1f} MB")

# %% [markdown]
# The bridge takes 76 times as long. An evaluation that brings its intermediate results to the host spends nearly all
# its time there. Hence the first rule: **copy in once, compute on the device, copy the result out once**. And a result
# is small: one row of numbers for each frame, not the frames.

# %% [markdown]
# ## Two clocks
#
# The second cost has nothing to do with size. When Python runs `b = a * 2` on a CuPy array, it does not compute. It
# **orders** the operation and goes on at once; the device works through its orders in turn. As long as the host only
# orders, it stays ahead, and the device never runs dry.
#
# That ends where Python needs a value: for an `if`, a `print`, a `float`. It must wait until the device has worked
# through all orders up to there and the value has come over the bridge. This is **synchronisation**. Meanwhile the
# host orders nothing, and afterwards the device waits for the host.
#
# ![Two time lines. Above, the host orders A, B and C one after the other; the device works through them without a gap,
# and one dashed arrow brings the result back at the end. Below, the host waits for an answer after each order; the
# device has a gap between A, B and C, and all takes longer.](figures/clocks.svg)
#
# So a crossing of four bytes can cost more than many operations. Not the bytes are expensive but the wait.

# %% [markdown]
# ## Which lines cross?
#
# You need not guess. `checks.traffic(function, array)` calls the function with a copy of the array on the device. It
# gives three numbers: operations started, bytes copied to the device, bytes copied back.

# %%
rng = np.random.default_rng(7)
film = (25 + rng.normal(0, 0.5, size=(12, 24, 32))).astype(np.float32)
film[4:, 8:12, 20:26] += 50  # the tool touches the part from frame 4 on

operations, to_device, to_host = checks.traffic(lambda x: x.max(), film)
print(f"x.max(): {operations} operation, {to_device} bytes to the device, {to_host} bytes back")

# %% [markdown]
# The maximum of a CuPy array is not a Python number. It is an array without axes, a **0-d array**, and it stays on the
# device: no byte crossed.
#
# **What do you expect?** The film has 12 × 24 × 32 values of 4 bytes, that is 36,864 bytes. For each line below write
# down how many bytes come back to the host. Then run the cell.


# %%
def asks(x):
    if x.max() > 60:
        return "hot"
    return "cold"


lines = {
    "x.max() - x.min()": lambda x: x.max() - x.min(),
    "float(x.max())": lambda x: float(x.max()),
    "if x.max() > 60": asks,
    "f'{x.max():.1f}'": lambda x: f"{x.max():.1f}",
    "cp.where(x > 60, x, 0)": lambda x: cp.where(x > 60, x, 0),
    "x.tolist()": lambda x: x.tolist(),
    "[float(f.max()) for f in x]": lambda x: [float(f.max()) for f in x],
    "x.max(axis=(1, 2)).get()": lambda x: x.max(axis=(1, 2)).get(),
    "x - cp.asarray(film[0])": lambda x: x - cp.asarray(film[0]),
}
for name, line in lines.items():
    operations, to_device, to_host = checks.traffic(line, film)
    print(f"{name:28} {operations:3} operations {to_device:6} bytes in {to_host:6} bytes back")

# %% [markdown]
# Three observations:
#
# * `if` brings back **one byte**, the truth value. The wait is the same as for a frame.
# * The list of twelve `float`s and `x.max(axis=(1, 2)).get()` both bring back 48 bytes. The list waits twelve times,
#   the other line once, and it starts one operation instead of twelve.
# * The last line copies data **to** the device that could have been there already: `film[0]` is a part of `x`.
#
# Some operations wait without showing up in such a count. CuPy must know how many elements `x[x > 60]` has before it
# can allocate memory for them, so it asks the device. `cp.where(x > 60, x, 0)` keeps the shape and asks nothing.

# %% [markdown]
# ## Exercise 1: film_report
#
# For each frame the machine's control wants three numbers: the hottest temperature, the mean temperature, and the share
# of pixels that are hotter than `limit`. Before that, every pixel has to be corrected. The camera shows it too hot by
# a fixed `offset`, a table of shape `(h, w)`.
#
# Write `film_report(frames, offset, limit)`:
#
# * `frames` has the shape `(n, h, w)`, and it lies on the device as `offset` does. Both are `float32`.
# * Subtract `offset` from each frame first.
# * Return a CuPy array of shape `(n, 3)` and the dtype of `frames`, with the columns hottest, mean, share. The share is
#   a number from 0 to 1, and a pixel exactly at the limit does not count.
# * Nothing is copied to the host, no Python loop walks over frames, and the inputs stay as they are.
#
# Whoever calls the function fetches the finished report, once. The function does not.


# %% nbgrader={"grade_id": "film_report", "solution": true}
def film_report(frames, offset, limit):
    # Your code here: correct the whole film, reduce it three times, put the columns together.
    raise NotImplementedError


# %% [markdown]
# Check your function as often as you like. The points come from the same check with other films.

# %% nbgrader={"grade_id": "film_report-test", "grade": true, "locked": true, "points": 7}
import checks

checks.film_report(film_report)
### BEGIN HIDDEN TESTS
import exam

exam.film_report(film_report)
### END HIDDEN TESTS

# %%
# Stuck? Each run of this cell shows one more hint.
checks.film_report_hint()

# %% [markdown]
# When your check passes, look at the whole pipeline: the film goes in, only the report comes out. How many bytes do
# you expect back for 12 frames?


# %%
def pipeline(frames):
    report = film_report(frames, cp.full(frames.shape[1:], 0.25, frames.dtype), 60.0)
    return cp.asnumpy(report)


try:
    operations, to_device, to_host = checks.traffic(pipeline, film)
    print(f"{film.nbytes} bytes of film, {to_host} bytes of report, {operations} operations")
except checks.LearnerError as error:
    print("film_report does not work yet:", error.kind)

# %% [markdown]
# ## A loop that has to ask
#
# After the cut the part cools. How slowly? Let `v` hold how much hotter than the room its measuring points are. One
# minute later they are hotter by `matrix @ v`: each point has passed heat on to its neighbours. After a few minutes
# the pattern no longer changes. Every minute multiplies it by the same number, the **cooling factor**.
#
# This number is the largest eigenvalue of the matrix, and the method that watches it is called **power iteration**:
# multiply, scale `v` back to length 1, repeat. When `v` has settled, `v @ (matrix @ v)` is the factor.
#
# **What do you expect?** Is the factor below closer to 0.1, to 0.5 or to 0.9? The rows say what a point keeps and gets.

# %%
matrix = np.array([[0.6, 0.2, 0.0], [0.2, 0.5, 0.2], [0.0, 0.2, 0.6]])
v = np.array([1.0, 0.0, 0.0])
for minute in range(1, 11):
    v = matrix @ v
    v = v / np.linalg.norm(v)
    if minute in (1, 2, 5, 10):
        print(f"minute {minute:2}: factor {v @ matrix @ v:.4f}, pattern {v.round(3)}")

# %% [markdown]
# How many steps are enough is not known beforehand. So a loop looks whether `v` still changes, and stops. That `if`
# needs a number on the host. It cannot be avoided, but it can be made **rare**: look every 20 steps only. At worst the
# device computes 19 steps too many; it never stands still for the others.

# %% [markdown]
# ## Exercise 2: find the bugs in cooling_factor
#
# A colleague has moved the power iteration to CuPy. The code gives wrong factors, because it stops after the first step.
# And it waits for the device several times in every step. Find out why, and mend both:
#
# * The result is a **0-d CuPy array** with the dtype of `matrix`: the largest eigenvalue.
# * The loop runs at most `steps` steps. It looks for convergence in every step whose number is a multiple of
#   `check_every`, and brings one number to the host for it. In between nothing crosses.
# * `matrix` and `start` are not changed.


# %% nbgrader={"grade_id": "cooling_factor", "solution": true}
def cooling_factor(matrix, start, steps, check_every):
    # Your colleague's code. Mend it; you may change every line.
    v = start / float(cp.linalg.norm(start))
    for _ in range(steps):
        previous = v
        v[:] = matrix @ v
        v /= float(cp.linalg.norm(v))
        if float(abs(v - previous).max()) < 1e-5:
            break
    return float(v @ (matrix @ v))


# %% nbgrader={"grade_id": "cooling_factor-test", "grade": true, "locked": true, "points": 7}
import checks

checks.cooling_factor(cooling_factor)
### BEGIN HIDDEN TESTS
import exam

exam.cooling_factor(cooling_factor)
### END HIDDEN TESTS

# %%
checks.cooling_factor_hint()

# %% [markdown]
# ## In your own words
#
# For each of 1000 frames a program runs `print(f"{frame.max():.1f}")`, four bytes each time. Why is it slow all the
# same? Say what the host waits for, and how the same 1000 lines can be printed with one crossing. Three or four
# sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "printing", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * The bridge between host and device is far narrower than the device's own memory. Copy in once and out once.
# * An operation is an order. The host waits only where it needs a value: `float()`, `.item()`, `if`, `print`, `.get()`.
# * One byte costs the same wait as a frame. So ask seldom, and gather small results on the device before you fetch them.
# * `b = a` is a second name, `a.copy()` a second array.
# * Count instead of guessing: how many operations, how many bytes in, how many bytes back?
#
# Where there is no GPU, `cupy` is Lehrwerk's stand-in here. It counts every copy as described, but its times say
# nothing about a GPU.
#
# ## Further reading
#
# * [CuPy's user guide: basics and data transfer](https://docs.cupy.dev/en/stable/user_guide/basic.html)
# * [CuPy's list of differences to NumPy](https://docs.cupy.dev/en/stable/user_guide/difference.html)
# * [CUDA C++ Best Practices Guide: data transfer between host and
#   device](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#data-transfer-between-host-and-device)
