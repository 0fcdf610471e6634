# %% [markdown]
# # Arrays on the GPU
#
# A thermal camera watches a workpiece while it is milled. Each image is evaluated in several steps: subtract the dark
# image, smooth, mark what is too hot. For every step there is a kernel. But where does the data lie in between?
#
# In the course so far you have typed `cuda.to_device` without thinking about it. In this unit you count what it does.
# Afterwards you can
#
# * put data on the GPU, make room for results there and fetch the result;
# * chain kernels so that the inputs go over once and the result comes back once;
# * find copies that nobody needs by counting, and mend them.
#
# You need about 55 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import warnings

import checks
import numpy as np
from numba import cuda

raw = np.random.default_rng(7).integers(500, 2000, 1000).astype(np.uint16)
print(f"raw: {raw.size} pixels, {raw.nbytes} bytes")

# %% [markdown]
# ## It works, but
#
# The processor that runs Python is the **host**. It has its memory, and the GPU has its own. A kernel can only reach
# what lies on the GPU. All the same, Numba takes NumPy arrays, too. The kernel below turns raw counts of 2 bytes into
# temperatures of 4 bytes, and it gets two NumPy arrays.
#
# `checks.traffic(function, ...)` calls a function and gives three numbers: the launches, the bytes copied to the GPU,
# and the bytes copied back.
#
# **What do you expect?** `raw` has 2000 bytes and `celsius` has 4000. How many bytes go to the GPU, and how many come
# back? Write down two numbers, then run the cell.


# %%
@cuda.jit
def calibrate(raw, celsius):
    for i in range(cuda.grid(1), raw.size, cuda.gridsize(1)):
        celsius[i] = np.float32(raw[i]) * np.float32(0.04)


def with_numpy(raw):
    celsius = np.empty(raw.size, np.float32)
    calibrate[4, 256](raw, celsius)
    return celsius


launches, to_device, to_host = checks.traffic(with_numpy, raw)
print(f"{launches} launch, {to_device} bytes to the GPU, {to_host} bytes back")

# %% [markdown]
# 6000 bytes in each direction, where 2000 and 4000 would do. Numba does not know what the kernel only reads and what it
# only writes. So it copies **every** array over before the launch, and every array back afterwards: even the empty
# `celsius` went over, and `raw` came back unchanged.
#
# Numba warns you about this. Normally you see the warning in red; here it is caught and printed.

# %%
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    with_numpy(raw)
print(*sorted({str(warning.message) for warning in said}), sep="\n")

# %% [markdown]
# Why does it matter? The way between both memories is narrow. A slot of type PCIe 5.0 with 16 lanes moves at most
# 63 gigabytes a second, the memory of an H200 moves 4800. For a simple kernel the copies take far longer than the work.
#
# ## Three calls
#
# You decide yourself what crosses, with three calls:
#
# | Call | What you get | What crosses |
# | --- | --- | --- |
# | `cuda.to_device(a)` | a new array on the GPU with the values of `a` | all of `a`, to the GPU |
# | `cuda.device_array(shape, dtype)` | a new array on the GPU with nothing in it yet | nothing |
# | `d.copy_to_host()` | a new NumPy array with the values of `d` | all of `d`, back to the host |
#
# What lies on the GPU is called a **device array**. A kernel that gets one works with it right there.
#
# **What do you expect?** The function below turns 1000 temperatures of 4 bytes into kelvins of 4 bytes. How many bytes
# cross in each direction now?


# %%
@cuda.jit
def to_kelvin(celsius, kelvin):
    for i in range(cuda.grid(1), celsius.size, cuda.gridsize(1)):
        kelvin[i] = celsius[i] + np.float32(273.15)


def kelvin_of(celsius):
    celsius_there = cuda.to_device(celsius)
    kelvin_there = cuda.device_array(celsius.size, np.float32)
    to_kelvin[4, 256](celsius_there, kelvin_there)
    return kelvin_there.copy_to_host()


launches, to_device, to_host = checks.traffic(kelvin_of, raw * np.float32(0.04))
print(f"{launches} launch, {to_device} bytes to the GPU, {to_host} bytes back")

# %% [markdown]
# Each value crosses once, and that is the least there can be. Two things to watch:
#
# * A device array is a **copy**. What a kernel writes into it does not appear in any NumPy array until you fetch it.
# * `device_array` does not fill anything, and without a `dtype` its elements are `float64`. What is in it?

# %%
print(cuda.device_array(4, np.float32).copy_to_host())

# %% [markdown]
# On the emulated GPU you see `nan`, so that you notice. On a real one it is what happened to lie there. So a kernel has
# to write every element before another one reads it.

# %% [markdown]
# ## Exercise 1: calibrated
#
# Write a function that gets an image `raw` on the host, a NumPy array of `uint16`. It returns the temperatures as a
# NumPy array of `float32` with the same length. The kernel `calibrate` from above does the work, in one launch.
#
# * `raw` goes over once, the temperatures come back once, and nothing else crosses.
# * `raw` may have any length from 1 on.


# %% nbgrader={"grade_id": "calibrated", "solution": true}
def calibrated(raw):
    # Your code: over, room for the result, launch, back.
    raise NotImplementedError


# %% [markdown]
# Check your function as often as you like. The points come from the same check with other sizes.

# %% nbgrader={"grade_id": "calibrated-test", "grade": true, "locked": true, "points": 6}
import checks

checks.calibrated(calibrated)
### BEGIN HIDDEN TESTS
import exam

exam.calibrated(calibrated)
### END HIDDEN TESTS

# %%
checks.calibrated_hint()

# %% [markdown]
# ## Three kernels in a row
#
# Now the whole evaluation. `subtract` takes the dark image away, `smooth` averages each pixel with its two neighbours,
# and `mark` writes a 1 where it is hotter than the limit. The function below gives NumPy arrays to all three.
#
# **What do you expect?** There are 1000 pixels of 4 bytes each, and `hot` has 1 byte for each. Add up for every launch
# what goes over. Then say what would really have to cross: which arrays, and how many bytes?


# %%
@cuda.jit
def subtract(raw, dark, clean):
    for i in range(cuda.grid(1), raw.size, cuda.gridsize(1)):
        clean[i] = raw[i] - dark[i]


@cuda.jit
def smooth(values, out):
    for i in range(cuda.grid(1), values.size, cuda.gridsize(1)):
        left, right = max(i - 1, 0), min(i + 1, values.size - 1)
        out[i] = (values[left] + values[i] + values[right]) / np.float32(3)


@cuda.jit
def mark(values, limit, hot):
    for i in range(cuda.grid(1), values.size, cuda.gridsize(1)):
        hot[i] = 1 if values[i] > limit else 0


def there_and_back(raw, dark, limit):
    clean, even = np.empty_like(raw), np.empty_like(raw)
    hot = np.empty(raw.size, np.uint8)
    subtract[4, 256](raw, dark, clean)
    smooth[4, 256](clean, even)
    mark[4, 256](even, limit, hot)
    return hot


image = raw * np.float32(0.04)
dark = np.full(1000, 2, np.float32)
launches, to_device, to_host = checks.traffic(there_and_back, image, dark, np.float32(60))
print(f"{launches} launches, {to_device} bytes to the GPU, {to_host} bytes back")

# %% [markdown]
# 25,000 bytes in each direction: 12,000 for `subtract`, 8,000 for `smooth` and 5,000 for `mark`. Necessary are the
# image and the dark image on the way over, 8,000 bytes, and the 1,000 marks on the way back.
#
# ![Two pictures with the host on the left and the GPU on the right, and on the GPU the kernels subtract, smooth and mark. In the left picture arrows lead to each kernel and back, six in all. In the right picture one arrow leads to subtract, arrows on the GPU lead on to smooth and mark, and one arrow leads back from mark.](figures/trips.svg)
#
# The intermediate results `clean` and `even` are nobody's business on the host. They are made on the GPU, read on the
# GPU, and never leave it.

# %% [markdown]
# ## Exercise 2: hot_spots
#
# Write the evaluation so that only what is needed crosses. `raw` and `dark` are NumPy arrays of `float32` with the same
# length, and `limit` is a number. The result is a NumPy array of `uint8`: 1 where the smoothed image is hotter than the
# limit, and 0 elsewhere.
#
# * Subtract, smooth, mark: the kernels from above do the work, with at most three launches.
# * Both inputs go over once, and the result comes back once. Nothing crosses in between.
# * `raw` and `dark` stay as they are.


# %% nbgrader={"grade_id": "hot_spots", "solution": true}
def hot_spots(raw, dark, limit):
    # Your code: what goes over, what is only room on the GPU, and what comes back?
    raise NotImplementedError


# %% nbgrader={"grade_id": "hot_spots-test", "grade": true, "locked": true, "points": 8}
import checks

checks.hot_spots(hot_spots)
### BEGIN HIDDEN TESTS
import exam

exam.hot_spots(hot_spots)
### END HIDDEN TESTS

# %%
checks.hot_spots_hint()

# %% [markdown]
# ## Lines that copy in silence
#
# A device array knows its length, its shape and its type without asking the GPU. Its values are different: whoever
# wants to see one has to fetch it.
#
# **What do you expect?** `x` is a device array with 1000 elements of 4 bytes. Write down for each line how many bytes
# come back. Then run the cell.

# %%
lines = {
    "x.size": lambda x: x.size,
    "x[0]": lambda x: x[0],
    "x.copy_to_host()[:10]": lambda x: x.copy_to_host()[:10],
    "x[:10].copy_to_host()": lambda x: x[:10].copy_to_host(),
    "x.copy_to_host().max()": lambda x: x.copy_to_host().max(),
}
there = cuda.to_device(image)
for name, line in lines.items():
    launches, to_device, to_host = checks.traffic(line, there)
    print(f"{name:23} {to_host} bytes back")

# %% [markdown]
# A part of a device array, `x[:10]`, is itself a device array in the same memory. So fetch the part, and not the whole
# to take a part of it. And a single element is a copy like any other: in a loop over 1000 elements there would be 1000.
#
# ## Two arrays take turns
#
# Smoothing is often repeated, and each step reads what the step before has written. One array is not enough for that: a
# thread would read neighbours that others have already replaced. But **two** are enough, for any number of steps. One
# is read, one is written, and then they swap roles.
#
# ![Three steps. In each there are the arrays A and B. In step 1 an arrow leads from A to B, in step 2 from B to A, in step 3 from A to B. The array that is written in the end, B, has a heavy frame.](figures/turns.svg)
#
# `now, later = later, now` swaps only the two names. No value moves, neither to the host nor on the GPU.
#
# **What do you expect?** In which array is the result after four steps, and which name does it have then?

# %%
now, later = "A", "B"
for step in range(1, 5):
    print(f"step {step}: reads {now}, writes {later}")
    now, later = later, now
print(f"the result is in {now}, which is called now")

# %% [markdown]
# ## Exercise 3: find the mistakes
#
# `smoothed(row, steps)` shall smooth a row of temperatures `steps` times, with one launch for each step. `row` is a
# NumPy array of `float32` with at least 2 elements, `steps` is at least 1, and the result is a new NumPy array.
#
# The function below always gives back the row as it was. It also copies in every step. Mend both: the row goes over
# once, the result comes back once, and in between all stays on the GPU.


# %% nbgrader={"grade_id": "smoothed", "solution": true}
def smoothed(row, steps):
    result = np.zeros_like(row)
    for _ in range(steps):
        now = cuda.to_device(row)
        later = cuda.to_device(result)
        smooth[8, 128](now, later)
        now.copy_to_host(result)
    return result


# %% nbgrader={"grade_id": "smoothed-test", "grade": true, "locked": true, "points": 6}
import checks

checks.smoothed(smoothed)
### BEGIN HIDDEN TESTS
import exam

exam.smoothed(smoothed)
### END HIDDEN TESTS

# %%
checks.smoothed_hint()

# %% [markdown]
# ## In your own words
#
# A colleague says: "I give my NumPy arrays to the kernel and get the right result. Why should I write three lines
# more?" Explain what happens at such a launch. Say for a chain of ten kernels what each way costs, and name a case in
# which it hardly matters. Three or four sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-copies", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * `cuda.to_device(a)` copies over, `cuda.device_array(shape, dtype)` only makes room, `d.copy_to_host()` copies back.
# * A NumPy array in a launch crosses twice, there and back, no matter whether the kernel reads or writes it.
# * Intermediate results stay on the GPU. Inputs cross once, and the result crosses once.
# * For repeated steps two device arrays take turns: `now, later = later, now`.
# * Count instead of guessing: how many launches, how many bytes over, how many back?
#
# ## Further reading
#
# * [Numba CUDA: memory management, with data transfer and device arrays](https://nvidia.github.io/numba-cuda/user/memory.html)
# * [Numba CUDA: reference of all functions for memory](https://nvidia.github.io/numba-cuda/reference/memory.html)
# * [CUDA C++ Best Practices Guide: data transfer between host and device](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#data-transfer-between-host-and-device)
