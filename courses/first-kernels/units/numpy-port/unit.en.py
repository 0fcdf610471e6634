# %% [markdown]
# # Moving NumPy to the GPU
#
# CuPy is NumPy's interface over a GPU's memory: the same names, the same axes, the same broadcasting. So much code
# moves with few changes. What is left to learn is small and decides everything: **where the data lies**, and what
# brings it back by accident.
#
# The data in this unit comes from a thermal camera that watches a machine part: a *frame* is a table of temperatures
# in degrees Celsius, a *film* is a stack of frames.
#
# You need about 60 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import cupy as cp
import numpy as np

# %% [markdown]
# ## Two memories
#
# The processor that runs Python is called the **host**, the GPU is the **device**. Each has its own memory, and every
# copy between them is slow compared with computing.
#
# ```
#   HOST                                          DEVICE
#   ┌──────────────────┐    cp.asarray(x)    ┌──────────────────┐
#   │  numpy.ndarray   │ ──────────────────► │   cupy.ndarray   │
#   │                  │ ◄────────────────── │                  │
#   └──────────────────┘    cp.asnumpy(y)    └──────────────────┘
#      np.sqrt(x), ...          y.get()         cp.sqrt(y), ...
#      the processor computes                   the GPU computes
# ```
#
# A good GPU program copies its inputs over once, computes, and copies the result back once.

# %%
celsius = np.array([[20.5, 21.0, 64.5], [20.0, 71.5, 66.0]], dtype=np.float32)

frame = cp.asarray(celsius)  # one copy to the device
fahrenheit = frame * 1.8 + 32  # computed there
type(fahrenheit), fahrenheit.dtype, cp.asnumpy(fahrenheit)

# %% [markdown]
# The result of an operation on CuPy arrays is a CuPy array. CuPy does **not** copy silently when NumPy asks for the
# values; it refuses. That is a help: you see each place where data would leave the GPU.

# %%
try:
    np.asarray(frame)
except TypeError as error:
    print(error)

# %% [markdown]
# ## What copies although it does not look like it
#
# In CuPy the sum of an array is not a Python number but an array without axes that still lies on the device. As long
# as you compute with it, nothing is copied. Some innocent lines need the number on the host, however, and wait until
# the GPU is done:
#
# | Stays on the device | Copies to the host |
# | --- | --- |
# | `x.sum()`, `x.max()`, `x > 3` | `float(x.sum())`, `x.max().item()` |
# | `cp.where(x > 3, x, 0)` | `if (x > 3).any():` |
# | `x[2]`, `x.shape`, `x.dtype` | `print(x)`, `x.tolist()`, `for v in x: float(v)` |

# %%
hottest = frame.max()
print("a device array without axes:", type(hottest).__name__, hottest.shape)
print("now a number on the host:", float(hottest))

# %% [markdown]
# ## Axes that stay, and one function for both libraries
#
# A reduction takes an axis away: from the shape `(2, 3)`, `sum(axis=1)` makes `(2,)`. To compute with the table again,
# the result must line up with the rows. `keepdims=True` keeps the axis with length 1, and broadcasting stretches it:
#
# ```
#   frame (2, 3)        frame.mean(axis=1)            frame.mean(axis=1, keepdims=True)
#   ┌──┬──┬──┐
#   │  │  │  │          shape (2,): two numbers       shape (2, 1):  ┌──┐
#   ├──┼──┼──┤          that would be stretched                      ├──┤  one for each row,
#   │  │  │  │          along the columns                            └──┘  stretched along it
#   └──┴──┴──┘
# ```
#
# A function that works with both libraries asks its argument where it lies. `cp.get_array_module(x)` gives the module
# `cupy` for a CuPy array and `numpy` for a NumPy array. By custom the name for it is `xp`.


# %%
def above_row_mean(frame):
    """How far each pixel lies above the mean of its row; a new array, in the library of `frame`."""
    xp = cp.get_array_module(frame)
    difference = frame - frame.mean(axis=1, keepdims=True)
    return xp.maximum(difference, 0)


print(type(above_row_mean(celsius)).__module__, type(above_row_mean(frame)).__module__)
above_row_mean(frame)

# %% [markdown]
# Predict first, then try it: what happens in this function if you leave `keepdims=True` away?

# %% [markdown]
# ## Exercise 1: normalise_rows
#
# Each row of the table `x` is the temperature curve of one measuring point. To compare the shapes of the curves, scale
# each row to length 1: divide it by the square root of the sum of its squares.
#
# The function below does it for NumPy, slowly, and moves `float32` to `float64` on the way. Rewrite it so that
#
# * it takes NumPy and CuPy arrays and gives back an array of the **same library**, shape and **dtype**;
# * a row of zeros stays a row of zeros, and a table without rows stays one;
# * for CuPy arrays everything **stays on the device**, and no Python loop walks over the rows;
# * `x` itself is **not changed**.


# %% nbgrader={"grade_id": "normalise_rows", "solution": true}
def normalise_rows(x):
    # NumPy only. Your code replaces all of it.
    out = np.zeros(x.shape)
    for i in range(x.shape[0]):
        length = np.sqrt(float((x[i] * x[i]).sum()))
        out[i] = x[i] / length if length > 0 else 0
    return out


# %% [markdown]
# Check your function as often as you like. Besides the result, the check counts copies between the two memories and
# operations on the device. The points come from the same check with other shapes.

# %% nbgrader={"grade_id": "normalise_rows-test", "grade": true, "locked": true, "points": 6}
import checks

checks.normalise_rows(normalise_rows)
### BEGIN HIDDEN TESTS
import exam

exam.normalise_rows(normalise_rows)
### END HIDDEN TESTS

# %% [markdown]
# ## Choosing without `if`
#
# An `if` asks one question for the whole program; a table needs an answer for each element. That is a **mask**: an
# array of truth values. `xp.where(mask, a, b)` takes each element from `a` or from `b`, and `mask.sum()` counts.

# %%
hot = frame > 60
print(hot)
print(cp.where(hot, frame, 0))
print(hot.sum(axis=1), hot.sum().dtype)

# %% [markdown]
# Note the last dtype. A count is an `int64`, and `float32` divided by `int64` makes `float64`: twice the memory, and
# on many GPUs a small fraction of the speed. Convert the count, not the result of everything after it:

# %%
counts = hot.sum(axis=1)
total = frame.sum(axis=1)
print((total / counts).dtype, (total / counts.astype(total.dtype)).dtype)

# %% [markdown]
# ## Exercise 2: hot_mean
#
# A film `frames` has the shape `(n, height, width)`. Write a function that gives, for each of the `n` frames, the mean
# of the pixels that are **hotter than** `limit`: an array of shape `(n,)`. A pixel exactly at the limit does not count.
# A frame without a hot pixel gets 0.
#
# The same rules as before: same library, same dtype as `frames`, nothing leaves the device, no loop over frames or
# pixels, and `frames` is not changed. Reductions take several axes at once: `axis=(1, 2)`.


# %% nbgrader={"grade_id": "hot_mean", "solution": true}
def hot_mean(frames, limit):
    # Your code here: which pixels are hot, what do they sum to, and how many are there?
    raise NotImplementedError


# %% nbgrader={"grade_id": "hot_mean-test", "grade": true, "locked": true, "points": 6}
import checks

checks.hot_mean(hot_mean)
### BEGIN HIDDEN TESTS
import exam

exam.hot_mean(hot_mean)
### END HIDDEN TESTS

# %% [markdown]
# ## What to take along
#
# * Copy in once, compute on the device, copy out once.
# * `float()`, `.item()`, `if` and `print` on a device array are copies in disguise.
# * `keepdims=True` and masks replace loops; `xp` makes one function for both libraries.
# * Look at `.dtype` after each step until it no longer surprises you.
#
# Where there is no GPU, `cupy` is Lehrwerk's stand-in here: it keeps CuPy's rules and counts copies, but its speed says
# nothing. On a real GPU the same notebook runs with CuPy itself.
