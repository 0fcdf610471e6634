# %% [markdown]
# # One kernel instead of eight
#
# The thermal camera does not deliver temperatures. It delivers raw **counts**, whole numbers of its sensor. A formula
# makes degrees of them, for every pixel of every frame. Written in CuPy it is two lines, and it is already on the GPU.
#
# Yet it wastes most of its time. In this unit you see where the time goes, and get several times as much out of the
# same formula, without computing a single thing less.
#
# You need about 50 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## The formula
#
# `dark` is what the sensor shows in the dark, `gain` how sensitive each pixel is. Their correction gives the signal,
# and the signal the temperature. The two constants 1430 and 17000 come from the calibration of the camera.


# %%
def celsius_chain(counts, dark, gain):
    signal = cp.maximum((counts - dark) * gain, 1.0)
    return 1430.0 / cp.log(17000.0 / signal + 1.0) - 273.15


rng = np.random.default_rng(3)
counts = rng.uniform(900, 1100, size=(48, 64)).astype(np.float32)
counts[16:32, 24:44] += 700  # the hot zone
dark = rng.uniform(500, 520, size=(48, 64)).astype(np.float32)
gain = rng.uniform(0.3, 0.32, size=(48, 64)).astype(np.float32)

celsius = celsius_chain(cp.asarray(counts), cp.asarray(dark), cp.asarray(gain))
print("cold corner", celsius[0, :4], "hot zone", celsius[20, 30:34])

# %% [markdown]
# ## Where the time goes
#
# Each operation on an array is a **kernel** of its own. It reads its arrays from the memory of the GPU, computes one
# step, and writes an array that the next one reads again. A subtraction takes much less time than the way to memory
# and back. Such a program is **memory-bound**: the memory decides how fast it is, not the arithmetic.
#
# ![Left, four kernels: minus, times, max, log. Each has an arrow up from the memory, DRAM, and one down to it. Right,
# one kernel does all four steps, with one arrow up and one down.](figures/chain.svg)
#
# **What do you expect?** Count the operations in `celsius_chain`: how many kernels does one call start? Write the number
# down, then run the cell.

# %%
operations, _, _ = checks.traffic(celsius_chain, counts, dark, gain)
print(f"celsius_chain: {operations} operations")

# %% [markdown]
# Now count the ways to memory, in arrays of the frame's size. The first two operations read two arrays and write one,
# the other six read one and write one. That makes 3 + 3 + 6 · 2 = 18. What is needed? Read `counts`, `dark` and `gain`,
# write the result: 4. A single kernel moves 4.5 times less, so where memory decides it is up to 4.5 times as fast.
#
# Putting several steps into one kernel is called **fusing**. The intermediate values then never reach the memory; each
# thread keeps its own in registers.

# %% [markdown]
# ## Fusing in one line
#
# `cp.fuse` does it for you. It calls the function once with placeholders, writes down the steps, and makes one kernel of
# them.
#
# **What do you expect?** How many operations now, and how far may the two results lie apart?


# %%
@cp.fuse()
def brightness(counts, dark, gain):
    return cp.sqrt(cp.maximum((counts - dark) * gain, 1.0))


def brightness_chain(counts, dark, gain):
    return cp.sqrt(cp.maximum((counts - dark) * gain, 1.0))


for function in (brightness_chain, brightness):
    operations, _, _ = checks.traffic(function, counts, dark, gain)
    print(f"{operations} operations")
arrays = [cp.asarray(array) for array in (counts, dark, gain)]
print("largest difference:", abs(brightness(*arrays) - brightness_chain(*arrays)).max())

# %% [markdown]
# One operation. A real GPU may round the last digit of a fused formula differently, since it can multiply and add in
# one step; here both agree.
#
# Since the placeholders have no values, a fused function can do element-wise steps and at most one reduction. Indexing,
# loops over elements, `if` on a value and other libraries stay outside. Instead of `if`, take `cp.where` or
# `cp.maximum`.

# %% [markdown]
# ## Writing the kernel yourself
#
# Where `cp.fuse` does not reach, or where you want to say exactly what happens, write an `ElementwiseKernel`. It wants
# four strings: inputs, outputs, the body for **one** element, and a name. The body is CUDA C. CuPy adds the loop, the
# indices, broadcasting and the choice of types.

# %%
scale_kernel = cp.ElementwiseKernel(
    "T x, T low, T high",  # inputs
    "T y",  # output
    "y = min(max((x - low) / (high - low), T(0)), T(1));",  # one element
    "scale",  # name
)
pixels = cp.asarray(np.array([10, 20, 45, 80, 95], dtype=np.float32))
print(scale_kernel(pixels, 20.0, 80.0), scale_kernel(pixels, 20.0, 80.0).dtype)
print(scale_kernel(pixels.astype(cp.float64), 20.0, 80.0).dtype)

# %% [markdown]
# `T` stands for a type that the arrays bring along: `float32` the first time, `float64` the second. Three things to
# watch in the body:
#
# * A name of a type fixes it. CuPy refuses a `float64` array for `float32 x`; the stand-in converts it, which costs an
#   operation.
# * In C a literal such as `0.5` is a `double`. One of them in a `float32` formula makes that step compute in `float64`,
#   which many GPUs do far slower. Write `T(0.5)`.
# * `1 / 2` is `0` in C, since both are whole numbers. `T(1) / T(2)` is what you mean.

# %% [markdown]
# ## Exercise 1: to_celsius
#
# Make one kernel of `celsius_chain`. Choose yourself: `cp.fuse` or `ElementwiseKernel`. Write
# `to_celsius(counts, dark, gain)`:
#
# * `counts` is a film of shape `(n, h, w)`; `dark` and `gain` have the shape `(h, w)` and broadcast.
# * All three have the same dtype, `float32` or `float64`, and so has the result. It is a new CuPy array.
# * At most 3 operations are started, nothing is copied, and the inputs stay as they are.
#
# Three, because the stand-in for CuPy copies inputs that broadcast before it starts your own kernel. CuPy itself needs
# one.


# %% nbgrader={"grade_id": "to_celsius", "solution": true}
def to_celsius(counts, dark, gain):
    # Your code here, and above the function what it needs.
    raise NotImplementedError


# %% [markdown]
# Check your function as often as you like. The points come from the same check with other films.

# %% nbgrader={"grade_id": "to_celsius-test", "grade": true, "locked": true, "points": 7}
import checks

checks.to_celsius(to_celsius)
### BEGIN HIDDEN TESTS
import exam

exam.to_celsius(to_celsius)
### END HIDDEN TESTS

# %%
# Stuck? Each run of this cell shows one more hint.
checks.to_celsius_hint()

# %% [markdown]
# ## A soft limit
#
# Which pixels belong to the hot zone? A hard limit flickers: with a little noise, pixels near it change sides in every
# frame. A **soft limit** gives each pixel a weight between 0 and 1 instead: 0.5 on the limit, near 1 far above it,
# near 0 far below. Over a few degrees, the `width`, it passes from one to the other:
#
# `weight = 1 / (1 + exp((limit - t) / width))`
#
# **What do you expect?** What is the weight of 60 °C with limit 60 and width 2, and of 64 °C? Guess first.

# %%
for t in (50, 58, 60, 62, 64, 80):
    print(t, round(1 / (1 + np.exp((60 - t) / 2)), 3))

# %% [markdown]
# ## Exercise 2: find the bugs in hot_weight
#
# Somebody wrote a kernel for the soft limit. The weights are wrong, and for a `float64` film it does not give what it
# should. Mend it:
#
# * `temps` has the shape `(n, h, w)`. `limit` has the shape `(h, 1)`, one limit for each row, and the dtype of `temps`.
#   `width` is a Python number.
# * The result is a new CuPy array with shape and dtype of `temps`. Both `float32` and `float64` must work.
# * At most 3 operations are started, nothing is copied, and the inputs stay as they are.


# %% nbgrader={"grade_id": "hot_weight", "solution": true}
# Mend this; you may change every line.
weight_kernel = cp.ElementwiseKernel(
    "float32 t, float32 limit, float32 width",
    "float32 w",
    "w = 1.0 / (1.0 + exp((t - limit) / width));",
    "weight",
)


def hot_weight(temps, limit, width):
    return weight_kernel(temps, limit, width)


# %% nbgrader={"grade_id": "hot_weight-test", "grade": true, "locked": true, "points": 7}
import checks

checks.hot_weight(hot_weight)
### BEGIN HIDDEN TESTS
import exam

exam.hot_weight(hot_weight)
### END HIDDEN TESTS

# %%
checks.hot_weight_hint()

# %% [markdown]
# ## In your own words
#
# The fused kernel computes exactly as many subtractions, products and logarithms as the chain. Why is it faster all the
# same? And why would fusing gain little for the product of two large matrices? Three or four sentences. A person reads
# and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why_faster", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * Each array operation is a kernel that goes to memory and back. Chains of simple steps are memory-bound.
# * Count first: how many arrays are read and written, and how many must be? The ratio is what fusing can gain at most.
# * `cp.fuse` makes one kernel of element-wise steps. `ElementwiseKernel` lets you write the step for one element.
# * `T` keeps the dtype of the arrays. Watch literals such as `0.5`, and whole numbers when you divide.
#
# Where there is no GPU, `cupy` is Lehrwerk's stand-in here. It counts operations as described, but its times say nothing
# about a GPU.
#
# ## Further reading
#
# * [CuPy's guide to user-defined kernels](https://docs.cupy.dev/en/stable/user_guide/kernel.html)
# * [CuPy's description of fuse](https://docs.cupy.dev/en/stable/reference/generated/cupy.fuse.html)
# * [CuPy's description of
#   ElementwiseKernel](https://docs.cupy.dev/en/stable/reference/generated/cupy.ElementwiseKernel.html)
