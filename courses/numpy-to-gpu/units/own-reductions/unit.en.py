# %% [markdown]
# # Reductions of your own
#
# A measurement at the workpiece takes ten minutes and gives twenty thousand thermal images. Nobody looks at all of
# them. What is wanted are numbers, one for each frame: how far is it from the normal state? How hot is the hottest
# spot?
#
# Making one value of many is called a **reduction**. You know `sum` and `max`. In this unit you write your own, and you
# meet three traps that report no error: the wrong beginning, the type that is too small, and the overflow.
#
# You need about 55 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Which axis goes?
#
# `axis` names the axes that **go**. A film of shape `(n, h, w)` becomes one number for each frame with `axis=(1, 2)`,
# and one frame with `axis=0`. Without it a single number is left. With `keepdims=True` the axes stay as axes of length
# 1; the result then broadcasts with the film again.
#
# **What do you expect?** The film below has the shape `(3, 4, 5)`. Write down the five shapes, then run the cell.

# %%
rng = np.random.default_rng(5)
film = rng.uniform(20, 90, size=(3, 4, 5)).astype(np.float32)
frames = cp.asarray(film)
for axis in (None, 0, -1, (1, 2)):
    print(axis, frames.max(axis=axis).shape)
print("keepdims", frames.max(axis=(1, 2), keepdims=True).shape)

# %% [markdown]
# ## What the chain costs
#
# How much heat lies above 60 °C in each frame? Take 60 from every pixel, count what is below as zero, and add up the
# rest. That is one line.
#
# **What do you expect?** How many operations does it start?


# %%
def excess_chain(film, limit):
    return cp.maximum(film - limit, 0).sum(axis=(1, 2))


print(f"{checks.traffic(excess_chain, film, 60.0)[0]} operations")

# %% [markdown]
# Three. The first two read and write a whole film each, and the sum reads one more. These are five ways to memory, each
# as large as the film. One is needed: read the film. The result is tiny.

# %% [markdown]
# ## map, reduce, post
#
# A `ReductionKernel` does it all on one way. It consists of three short pieces of CUDA C:
#
# * **map** makes one value of the inputs of one element.
# * **reduce** makes one of two intermediate results `a` and `b`, again and again, until only one is left.
# * **post** makes the result of the last one, `a`.
#
# Besides there is the value that each thread begins with, the **identity**.
#
# ![Eight temperatures on top: 58, 63, 61, 59, 66, 60, 57, 62. map makes 0, 3, 1, 0, 6, 0, 0, 2 of them. reduce adds
# them in pairs to 3, 1, 6, 2, then to 4 and 8, then to 12. post gives y = 12.](figures/tree.svg)

# %%
excess_kernel = cp.ReductionKernel(
    "T x, T limit",  # inputs
    "T y",  # output
    "max(x - limit, T(0))",  # map
    "a + b",  # reduce
    "y = a",  # post
    "0",  # identity
    "excess",  # name
)


def excess(film, limit):
    return excess_kernel(film, limit, axis=(1, 2))


print(f"{checks.traffic(excess, film, 60.0)[0]} operation")
print(excess(frames, 60.0), excess_chain(frames, 60.0))

# %% [markdown]
# The kernel understands `axis` and `keepdims` as every reduction in CuPy does, and its inputs broadcast, too.
#
# ## In which order?
#
# Nobody says. Many threads combine their elements at the same time, and the picture above shows one of many ways only.
# So reduce must mean the same in every order and with any brackets: `a + b`, `max(a, b)` and `a * b` do, `a - b` does
# not.
#
# **What do you expect?** With rounded numbers that is only nearly true of the sum. The cell adds the same three numbers
# in two orders. What comes out?

# %%
large, one = np.float32(1e8), np.float32(1)
print((large + one) - large, (large - large) + one)

# %% [markdown]
# `float32` has about seven digits, and beside a hundred million the one gets lost. In sums of temperatures this blurs
# the last digit. So never compare them by `==`.

# %% [markdown]
# ## Exercise 1: distance
#
# How far is a film from the image of the cold workpiece? The measure is the **L2 norm**: the difference of each pixel,
# squared, summed, and the square root of that. Write `distance(film, reference, axis)`:
#
# * `film` has the shape `(n, h, w)`, `reference` the shape `(h, w)`; both have the same dtype, `float32` or `float64`.
# * `axis` is `None`, a number or a tuple, as for `sum`.
# * The result is a new CuPy array with the dtype of `film`.
# * At most 3 operations are started, nothing is copied, and the inputs stay as they are.
#
# Three, because the stand-in for CuPy copies inputs that it stretches or whose axes it turns. CuPy itself needs one.


# %% nbgrader={"grade_id": "distance", "solution": true}
def distance(film, reference, axis):
    # Your code here, and above the function what it needs.
    raise NotImplementedError


# %% [markdown]
# Check your function as often as you like. The points come from the same check with other films.

# %% nbgrader={"grade_id": "distance-test", "grade": true, "locked": true, "points": 7}
import checks

checks.distance(distance)
### BEGIN HIDDEN TESTS
import exam

exam.distance(distance)
### END HIDDEN TESTS

# %%
# Stuck? Each run of this cell shows one more hint.
checks.distance_hint()

# %% [markdown]
# ## Trap 1: the wrong beginning
#
# Every thread begins with the identity, and it ends up in the result. So it must not change it.
#
# **What do you expect?** The kernel below looks for the smallest temperature, and all are above 20 °C. What does it
# find?

# %%
coldest_wrong = cp.ReductionKernel("T x", "T y", "x", "min(a, b)", "y = a", "0", "coldest_wrong")
print(coldest_wrong(frames), frames.min())

# %% [markdown]
# The zero that it began with. No pixel was colder. For every reduce there is exactly one right identity:
#
# | reduce | identity | for `uint16` |
# | --- | --- | --- |
# | `a + b` | 0 | 0 |
# | `a * b` | 1 | 1 |
# | `max(a, b)` | −∞, in C `-1.0 / 0.0` | 0 |
# | `min(a, b)` | +∞, in C `1.0 / 0.0` | 65535 |

# %%
coldest = cp.ReductionKernel("T x", "T y", "x", "min(a, b)", "y = a", "1.0 / 0.0", "coldest")
print(coldest(frames), coldest(frames, axis=(1, 2)))

# %% [markdown]
# ## Trap 2: the type that is too small
#
# Intermediate results have the type of the **output**. Where that is `T`, the kernel holds a sum of `uint8` in `uint8`,
# and there 255 is the end.
#
# **What do you expect?** 200 + 100 in eight bits: which number?

# %%
small = cp.asarray(np.array([200, 100], dtype=np.uint8))
narrow_total = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "narrow_total")
wide_total = cp.ReductionKernel("T x", "int64 y", "x", "a + b", "y = a", "0", "wide_total")
print(narrow_total(small), wide_total(small))

# %% [markdown]
# 300 − 256 = 44. For sums of whole numbers take `int64`. And `float32`? It counts without gaps up to 2²⁴ = 16,777,216
# only. After that a one can vanish without a trace; the sum is said to **drift**.
#
# To return `float32` but hold the sum more exactly, name the type of the intermediate results
# yourself, by its name in C: `reduce_type="double"`.
#
# **What do you expect?** Both kernels below add 2²⁴, −2²⁴ and 1. Which one loses the one?

# %%
values = cp.asarray(np.array([2.0**24, -(2.0**24), 1], dtype=np.float32))
in_float = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "in_float")
in_double = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "in_double", reduce_type="double")
print(in_float(values), in_double(values))

# %% [markdown]
# What the first number is depends on the order: 0 or 1. The second is always 1.

# %% [markdown]
# ## Exercise 2: find the bugs in frame_counts
#
# For each frame this function should give the sum of its counts and its smallest count. It makes three mistakes. Mend
# it:
#
# * `counts` has the shape `(n, h, w)` and the dtype `uint16`; all 65,536 values may occur.
# * A tuple of two new CuPy arrays of shape `(n,)` comes back: the sums in `int64`, the smallest in `uint16`.
# * The sums are right to the last digit.
# * At most 3 operations are started, nothing is copied, and the input stays as it is.


# %% nbgrader={"grade_id": "frame_counts", "solution": true}
# Mend this; you may change every line.
total_kernel = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "total")
coldest_kernel = cp.ReductionKernel("T x", "T y", "x", "a < b ? a : b", "y = a", "0", "coldest")


def frame_counts(counts):
    return total_kernel(counts, axis=0), coldest_kernel(counts, axis=0)


# %% nbgrader={"grade_id": "frame_counts-test", "grade": true, "locked": true, "points": 7}
import checks

checks.frame_counts(frame_counts)
### BEGIN HIDDEN TESTS
import exam

exam.frame_counts(frame_counts)
### END HIDDEN TESTS

# %%
checks.frame_counts_hint()

# %% [markdown]
# ## Trap 3: the overflow
#
# How hot is the hottest spot? The maximum answers with a single pixel, and that pixel's noise is your error. Calmer is
# a **soft maximum**, in which all pixels near the maximum have a say:
#
# `soft = width * log(sum(exp(t / width)))`
#
# `width` says over how many degrees "near" reaches. The formula is also called **logsumexp**.
#
# **What do you expect?** The largest number in `float32` is about 3.4 · 10³⁸, and e⁸⁹ is larger already. What comes out
# for 60 °C and the width 0.5?

# %%
t = np.array([59.0, 60.0, 60.5], dtype=np.float32)
width = np.float32(0.5)
with np.errstate(over="ignore"):
    print(width * np.log(np.exp(t / width).sum()))

# %% [markdown]
# e¹²⁰ does not fit, and the logarithm of infinity is infinity. Yet the result is a harmless 60.7.
#
# A law of arithmetic comes to the rescue: take the same number `m` from each value before `exp`, and the result gets
# smaller by exactly `m`. Take the maximum for `m`. Then no exponent is above 0, and at least one is exactly 0. So the
# sum lies between 1 and the number of pixels.

# %%
m = t.max()
print(m + width * np.log(np.exp((t - m) / width).sum()))

# %% [markdown]
# Which maximum? That of the pixels that are reduced together, so here that of the frame itself. If `m` is too large,
# each `exp` becomes a zero, and the logarithm of 0 is minus infinity.

# %% [markdown]
# ## Exercise 3: soft_maximum
#
# Write `soft_maximum(temps, width)`, a soft maximum for each frame:
#
# * `temps` has the shape `(n, h, w)` and the dtype `float32` or `float64`; `width` is a Python number above 0.
# * Frames may be hot or lie far below 0 °C. Masked pixels are `-inf`, but never all of one frame.
# * The result is a new CuPy array of shape `(n,)` with the dtype of `temps`. Nothing overflows.
# * At most 6 operations are started, nothing is copied, and the input stays as it is.


# %% nbgrader={"grade_id": "soft_maximum", "solution": true}
def soft_maximum(temps, width):
    # Your code here, and above the function what it needs.
    raise NotImplementedError


# %% nbgrader={"grade_id": "soft_maximum-test", "grade": true, "locked": true, "points": 7}
import checks

checks.soft_maximum(soft_maximum)
### BEGIN HIDDEN TESTS
import exam

exam.soft_maximum(soft_maximum)
### END HIDDEN TESTS

# %%
checks.soft_maximum_hint()

# %% [markdown]
# ## In your own words
#
# Two GPUs sum the same film in `float32`, and their results differ in the last digit. Why is that no bug? And why is
# `a - b` as reduce one, even if it once gave what you expected? Three or four sentences. A person reads and marks this
# answer.

# %% [markdown] nbgrader={"grade_id": "no_order", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * A reduction makes one value of many: map for each element, reduce for two at a time, post at the end.
# * `axis` names the axes that go. `keepdims=True` leaves them with length 1.
# * The identity ends up in the result. Take the one that does not change it.
# * Intermediate results have the type of the output, or that of `reduce_type`. It must hold the largest sum.
# * Take off the maximum before `exp`.
# * What is there already, take: `sum`, `min`, `max` and `cp.linalg.norm` are reductions like yours.
#
# ## Further reading
#
# * [CuPy's guide to user-defined kernels](https://docs.cupy.dev/en/stable/user_guide/kernel.html)
# * [CuPy's description of
#   ReductionKernel](https://docs.cupy.dev/en/stable/reference/generated/cupy.ReductionKernel.html)
# * [NVIDIA on floating-point numbers on the GPU](https://docs.nvidia.com/cuda/floating-point/index.html)
