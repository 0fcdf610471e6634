# %% [markdown]
# # float32 and the float64 nobody asked for
#
# The thermal camera delivers no temperatures but raw values. A formula with a logarithm turns each of them into degrees
# Celsius. All arrays are `float32`, and yet many such kernels compute in `float64`: an accident that the result does
# not show, and that costs much time on most GPUs.
#
# Afterwards you can
#
# * find what makes a kernel for `float32` compute in `float64`, and mend it;
# * say what `fastmath` allows the compiler to do, and what it does not mend;
# * save small addends that `float32` swallows, and give reasons when `float64` is right.
#
# You need about 55 minutes. Run the cells from top to bottom with **Shift+Enter**.
#
# ## How exact is float32?
#
# A good camera tells 0.03 degrees apart. Its raw values are whole numbers up to 16383.
#
# **What do you expect?** How far apart are two neighbouring numbers in `float32` that are near 90? And near 12000?
# Write down two numbers, then run the cell.

# %%
import math

import checks
import numpy as np
from numba import cuda

for value in (90, 12000):
    print(f"beside {value} the next number is {np.spacing(np.float32(value)):.7f} further on")

# %% [markdown]
# At 90 degrees it is eight millionths: far more exact than the camera. At a raw value of 12000 it is one thousandth.
# That is enough, too, as long as nobody adds thousands of very small numbers. We come to that later.
#
# So `float32` is right here. `float64` would have more digits, which nobody needs, and it costs: a GPU for data centres
# computes half as fast in it. On most others it is **1/64** of the speed.

# %% [markdown]
# ## Where the float64 comes from
#
# In Python a number with a point always has 64 bits. Numba keeps to that: `0.5` is a `float64`. Where `float32` and
# `float64` meet, the wider one wins, and only when it is stored does the result become narrow again.
#
# ![Two rows of boxes, joined by arrows. Upper row: x with 32 bits, cvt, then times 0.5 plus 1.0 with 64 bits, twice as wide and hatched, cvt, out with 32 bits. Lower row: x with 32 bits, times 0.5 plus 1.0 with 32 bits, out with 32 bits, without cvt.](figures/widening.svg)
#
# `checks.instructions` shows with which instructions a kernel computes. `fma` is multiplying and adding in one, `cvt`
# is a conversion. The ending names the type. You need not know the instructions; look for `f64`.
#
# **What do you expect?** Which of the four kernels compute in `float64`? All of them get arrays of `float32`.


# %%
@cuda.jit
def plus(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = x[i] + 1.0


@cuda.jit
def scaled(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = x[i] * 0.5 + 1.0


@cuda.jit
def numbered(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = x[i] * i


@cuda.jit
def typed(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = x[i] * np.float32(0.5) + np.float32(1)


for kernel in (plus, scaled, numbered, typed):
    print(kernel.py_func.__name__, checks.instructions(kernel, "void(float32[:], float32[:])"))

# %% [markdown]
# `plus` gets away with it: a single operation, once rounded, gives the same as in `float32`, and the compiler makes use
# of that. In `scaled` it no longer helps. Two operations in a row would be rounded differently in `float32`, and it
# must not change the result. So do not rely on it.
#
# `numbered` has no number with a point at all. But `i` is an integer of 64 bits, and `float32` times an integer is
# `float64` for Numba. The rules, as far as you need them:
#
# | Expression | Type |
# | --- | --- |
# | `x[i] * np.float32(0.5)` | `float32` |
# | `x[i] * 0.5`, `1 - x[i]`, `max(x[i], 0)` | `float64` |
# | `x[i] * i`, or divided by a value from an array of integers | `float64` |
# | `np.float32(i)` | `float32` |
# | `math.exp`, `math.log`, `math.sqrt` of `float32` | `float32` |
# | the same of an integer | `float64` |
# | `total = 0`, then `total += x[i]` | `float64` |
#
# You need not learn this by heart. The emulated GPU tells you, with the line:

# %%
numbers = cuda.to_device(np.arange(200, dtype=np.float32))
out = cuda.device_array_like(numbers)
scaled[4, 64](numbers, out)

# %% [markdown]
# Do not compute wide to be safe, only to become narrow with `np.float32(...)` at the end: by then all has happened in
# `float64`. It is the **ingredients** that must be narrow.

# %% [markdown]
# ## Exercise 1: to_celsius
#
# Write a kernel that turns raw values into degrees Celsius. For each value `S` of `raw` it is
#
# ```
# T = b / ln(r / S + f) - 273.15
# ```
#
# * `raw` is an array of `int32`, `r`, `b` and `f` are numbers of `float32`, `out` is an array of `float32`.
# * The launch has at least one thread for each value, usually more.
# * The kernel nowhere computes in `float64`. There are points for that alone.
#
# `math.log` is the natural logarithm.


# %% nbgrader={"grade_id": "to_celsius", "solution": true}
@cuda.jit
def to_celsius(raw, r, b, f, out):
    # Your code: which type does each intermediate value have?
    pass


# %% [markdown]
# Check your kernel as often as you like. The points come from the same check with other sizes. Where a GPU marks, the
# speed beside the model solution counts, too.

# %% nbgrader={"grade_id": "to_celsius-test", "grade": true, "locked": true, "points": 5}
import checks

checks.to_celsius(to_celsius)
### BEGIN HIDDEN TESTS
import exam

exam.to_celsius(to_celsius)
### END HIDDEN TESTS

# %%
checks.to_celsius_hint()

# %% [markdown]
# See whether anything is still wide. As long as your kernel is empty, it computes nothing at all.

# %%
names = checks.instructions(to_celsius, "void(int32[:], float32, float32, float32, float32[:])")
print(f"{len(names)} instructions for floats, {sum('f64' in name for name in names)} of them with float64")

# %% [markdown]
# ## What fastmath promises
#
# `@cuda.jit(fastmath=True)` tells the compiler: **I do not mind about a few last digits.** Then it may
#
# * replace logarithms, roots, sines and so on by fast approximations that the hardware has;
# * divide approximately instead of exactly rounded;
# * treat tiny numbers below about 1.2 · 10⁻³⁸ as 0.
#
# **What do you expect?** Does `fastmath` also help against the `float64` that the `273.15` below causes?


# %%
def curve(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = math.log(x[i]) / np.float32(3) - 273.15


for kernel in (cuda.jit(curve), cuda.jit(fastmath=True)(curve)):
    names = checks.instructions(kernel, "void(float32[:], float32[:])")
    print(len(names), [name for name in names if "f64" in name or "approx" in name])

# %% [markdown]
# 25 instructions become 6. The logarithm is a single one now, `lg2.approx`. But three of either list still compute in
# `float64`: `fastmath` does not help against wrong types.
#
# And what does it cost? The kernel below takes the logarithm of an ordinary and of a tiny number.
#
# **What do you expect?** For which of the two do you see a difference?


# %%
def logarithm(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = math.log(x[i])


two = cuda.to_device(np.array([90, 6e-39], np.float32))
for kernel in (cuda.jit(logarithm), cuda.jit(fastmath=True)(logarithm)):
    logarithms = cuda.device_array_like(two)
    kernel[1, 32](two, logarithms)
    print(logarithms.copy_to_host())

# %% [markdown]
# At 90 there is no difference to be seen; on a real GPU the last digits may differ. The tiny number becomes 0, and its
# logarithm minus infinity. For temperatures that does not matter. Where magnitudes count all the way down, as with
# probabilities, it is wrong.
#
# So switch `fastmath` on where you know that approximations will do, and measure whether it gains anything.

# %% [markdown]
# ## When float32 swallows numbers
#
# To save data, the camera sends only the first image as a whole, and then nothing but changes. The sensor warms up, and
# so a raw value of 12000 rises by 0.0004 in each step. After 2000 steps it should be 12000.8.
#
# **What do you expect?** Think of the distance from before. What comes out in `float32`?

# %%
change = np.float32(0.0004)
total = np.float32(12000)
for _ in range(2000):
    total += change
print(f"{total:.4f}")

# %% [markdown]
# Nothing has arrived. The next number beside 12000 is 12000.00098. Whoever wants to go on by 0.0004 does not even get
# halfway and is rounded to 12000, time and again:
#
# ![Two number lines with three marks: 12000, 12000.00098 and 12000.00195. On the upper one a short arrow plus 0.0004 leads from 12000 to the right, and a dashed one back. On the lower one a pot with 0.0004 stands below 12000, and a long arrow plus 0.0008 leads from 12000 to the next mark, below which there is a pot with minus 0.00018.](figures/swallowed.svg)
#
# `float64` helps, but it costs. There is another way: we keep what is still missing, and hand it to the next addition.
# The lower line shows that. In the code `lost` is what the pot holds, with the opposite sign. This makes the
# **compensated sum**, as William Kahan found it:
#
# ```python
# wanted = change - lost           # what shall be added now
# new = total + wanted             # is rounded
# lost = (new - total) - wanted    # what was added, minus what should have been
# total = new
# ```
#
# **What do you expect?** In the first step `lost` is 0. Which sign does it have afterwards?

# %%
total, lost = np.float32(12000), np.float32(0)
for step in range(2000):
    wanted = change - lost
    new = total + wanted
    lost = (new - total) - wanted
    total = new
    if step < 4:
        print(f"{wanted:+.5f}  {total:.5f}  {lost:+.5f}")
print(f"{total:.4f}")

# %% [markdown]
# In the first step 0 was added instead of 0.0004, so `lost` is negative. In the second one it shall be 0.0008. That
# reaches to the next number, even a little too far, and this surplus, too, is in `lost` afterwards.
#
# Four additions instead of one, but all in `float32`. On GPUs with slow `float64` that pays. Often the kernel waits for
# memory anyway, and then the three additional ones cost next to nothing.

# %% [markdown]
# ## Exercise 2: latest
#
# Write a kernel that makes the newest image of the first one and of all changes:
#
# * `first` has the shape `(pixels,)`, `changes` the shape `(steps, pixels)` and `out` again `(pixels,)`, all in
#   `float32`. Thread `i` has pixel `i`, and adds `changes[0, i]`, `changes[1, i]` and so on, one after the other.
# * Most changes are tiny. But twice they are large: to adjust itself, the camera closes its shutter, and opens it again
#   later. So it is not enough to add all changes first.
# * The result may be off by 0.002 at most, and the kernel does not compute in `float64`.
#
# The launch has at least one thread for each pixel, usually more.


# %% nbgrader={"grade_id": "latest", "solution": true}
@cuda.jit
def latest(first, changes, out):
    # Your code: what does each addition lose, and where does that go?
    pass


# %% nbgrader={"grade_id": "latest-test", "grade": true, "locked": true, "points": 6}
import checks

checks.latest(latest)
### BEGIN HIDDEN TESTS
import exam

exam.latest(latest)
### END HIDDEN TESTS

# %%
checks.latest_hint()

# %% [markdown]
# The example from above, now on the GPU: 300 steps of 0.0004 are 0.12. As long as your kernel writes nothing, you see
# what happened to lie in memory.

# %%
first = cuda.to_device(np.full(32, 12000, np.float32))
changes = cuda.to_device(np.full((300, 32), 0.0004, np.float32))
newest = cuda.device_array_like(first)
latest[1, 32](first, changes, newest)
print(newest.copy_to_host()[:4])

# %% [markdown]
# ## Exercise 3: find the mistakes
#
# Where does the workpiece end, and where does the background begin? A border at `limit` degrees jumps from 0 to 1. A
# soft mask passes over gently, within about `width` degrees on either side. The kernel shall compute it for each pixel,
# all of it in `float32`:
#
# ```
# s = (heat - limit) / width
# out = 1 / (1 + exp(-s))
# ```
#
# There are two mistakes in it. One makes the values wrong, and makes `math.exp` compute in `float64` besides. The other
# one costs time only. Mend both.


# %% nbgrader={"grade_id": "soft_mask", "solution": true}
@cuda.jit
def soft_mask(heat, limit, width, out):
    i = cuda.grid(1)
    if i < heat.shape[0]:
        steps = int((heat[i] - limit) / width)
        out[i] = 1.0 / (1.0 + math.exp(-steps))


# %% nbgrader={"grade_id": "soft_mask-test", "grade": true, "locked": true, "points": 5}
import checks

checks.soft_mask(soft_mask)
### BEGIN HIDDEN TESTS
import exam

exam.soft_mask(soft_mask)
### END HIDDEN TESTS

# %%
checks.soft_mask_hint()

# %% [markdown]
# ## In your own words
#
# A colleague makes all arrays `float64`, "so that nothing gets lost", and writes `fastmath=True` at every kernel, "so
# that it is fast all the same". What do you tell her about either? Give one example each for which `float32` is enough,
# for which a compensated sum is right, and for which you take `float64`. Four or five sentences. A person reads and
# marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-wide", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * A plain `0.5` or `1` beside `float32` makes `float64`, and so does an integer. Write `np.float32(...)`.
# * The result does not show it. The advice `float64` names the line.
# * `fastmath` allows approximations, and turns tiny numbers into 0. It does not change types.
# * `float32` swallows very many small addends. A compensated sum saves them.
# * `float64` is right where the result needs so many digits. Then you take it on purpose.
#
# ## Further reading
#
# * [Numba CUDA: what fastmath changes](https://nvidia.github.io/numba-cuda/user/fastmath.html)
# * [NVIDIA's CUDA C++ Programming Guide: the speed of float32 and
#   float64](https://docs.nvidia.com/cuda/cuda-c-programming-guide/)
