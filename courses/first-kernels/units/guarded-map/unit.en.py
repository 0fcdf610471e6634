# %% [markdown]
# # A guarded map kernel
#
# A GPU runs the same function many thousand times at once. Each run is a **thread**; the function is a **kernel**.
# In this unit you write two kernels that apply a formula to every element of an array. Such a kernel is called a *map*.
#
# You need about 60 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import numpy as np
from numba import cuda

# %% [markdown]
# ## Which element is mine?
#
# Threads come in **blocks**, and the blocks form the **grid**. Every thread can ask where it stands:
#
# ```
#            block 0               block 1               block 2
#      ┌──┬──┬──┬──┐         ┌──┬──┬──┬──┐         ┌──┬──┬──┬──┐
#      │ 0│ 1│ 2│ 3│         │ 0│ 1│ 2│ 3│         │ 0│ 1│ 2│ 3│     cuda.threadIdx.x
#      └──┴──┴──┴──┘         └──┴──┴──┴──┘         └──┴──┴──┴──┘
# i =    0  1  2  3            4  5  6  7            8  9 10 11      cuda.grid(1)
# ```
#
# With 4 threads in a block (`cuda.blockDim.x`), thread 2 of block 1 has the number `1 * 4 + 2 = 6`.
# Numba computes this with `cuda.grid(1)`. An example that squares ten numbers with one block of ten threads:


# %%
@cuda.jit
def square(x, out):
    i = cuda.grid(1)
    out[i] = x[i] * x[i]


x = cuda.to_device(np.arange(10, dtype=np.float32))
out = cuda.device_array(10, np.float32)
square[1, 10](x, out)
out.copy_to_host()

# %% [markdown]
# `square[1, 10]` launches the kernel: a grid of 1 block with 10 threads each. On a real GPU all ten run at the same
# time, in no promised order.
#
# ## Why a guard
#
# A block usually has 128 or 256 threads, whatever the length of the array. For `n = 1000` and 256 threads in a block
# you need `ceil(1000 / 256) = 4` blocks, so 1024 threads: **24 threads too many**. They must not touch memory, or
# they read and write what belongs to somebody else. A **guard** keeps them away:
#
# ```python
# if i < x.shape[0]:
#     ...
# ```

# %% [markdown]
# ## Exercise 1: saxpy
#
# Write a kernel that computes `out[i] = a * x[i] + y[i]` for every element. The arrays have the same length `n`, and
# the launch has at least `n` threads, usually more. Change `out` only.


# %% nbgrader={"grade_id": "saxpy", "solution": true}
@cuda.jit
def saxpy(a, x, y, out):
    # Your code here: which element is this thread's, and is there such an element?
    pass


# %% [markdown]
# Check your kernel as often as you like. The points come from the same check with other sizes.

# %% nbgrader={"grade_id": "saxpy-test", "grade": true, "locked": true, "points": 5}
import checks

checks.saxpy(saxpy)
### BEGIN HIDDEN TESTS
import exam

exam.saxpy(saxpy)
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 2: any launch shape
#
# A kernel that needs one thread for each element depends on its launch. A **grid-stride loop** does not: each thread
# begins at its own element and then jumps ahead by the number of threads in the whole grid, until the array ends.
#
# ```
# 8 threads, n = 20     thread 0:  0   8   16
#                       thread 1:  1   9   17
#                       ...
#                       thread 7:  7  15        (23 would be outside)
# ```
#
# The number of threads in the grid is `cuda.gridsize(1)`, that is `cuda.gridDim.x * cuda.blockDim.x`.
#
# Write saxpy once more, this time **in place**: `y[i] = a * x[i] + y[i]`. It must be right for every launch: one block,
# many blocks, fewer threads than elements or more. Each element belongs to one thread only; if two threads worked on the
# same one, `a * x[i]` would be added twice.


# %% nbgrader={"grade_id": "saxpy_stride", "solution": true}
@cuda.jit
def saxpy_stride(a, x, y):
    # Your code here: where does this thread begin, and how far does it jump?
    pass


# %% nbgrader={"grade_id": "saxpy_stride-test", "grade": true, "locked": true, "points": 6}
import checks

checks.saxpy_stride(saxpy_stride)
### BEGIN HIDDEN TESTS
import exam

exam.saxpy_stride(saxpy_stride)
### END HIDDEN TESTS

# %% [markdown]
# ## In your own words
#
# Why does saxpy need a guard, and why does the loop in exercise 2 need none besides its own end? Two or three
# sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-guard", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown] nbgrader={"grade_id": "launches", "task": true, "points": 2}
# ## A small investigation
#
# Launch your `saxpy_stride` with three different shapes on the same values of length 1000, and compare the results
# with NumPy. Give each launch a fresh copy of `y`: why is that needed? Add the cells you need below, and a sentence or
# two on what you see. A person marks them.
