# %% [markdown]
# # Two libraries, one memory
#
# The evaluation of the thermal images is written in CuPy. A colleague has kernels for the same images, but written in
# Python with Numba. Does one of you have to rewrite everything? Must the images go by way of the host?
#
# Neither. Both libraries work in the memory of the same GPU, and they can show each other where an array lies. In this
# unit you let Numba's kernels work on CuPy's arrays and CuPy's functions on Numba's. No byte is copied for it. And you
# learn when this goes wrong.
#
# You need about 55 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import checks
import cupy as cp
import numpy as np
from numba import cuda

# %% [markdown]
# ## A card with an address
#
# An array on the GPU consists of two parts: a piece of memory there, and a small Python object on the host. The object
# knows where the memory begins and how to read it. It tells whoever asks, with the attribute
# `__cuda_array_interface__`, a dictionary. Think of a business card.

# %%
image = cp.arange(12, dtype=cp.float32).reshape(3, 4)
for name, value in image.__cuda_array_interface__.items():
    print(f"{name:8} {value}")

# %% [markdown]
# * `data` is the address, and whether the memory may only be read.
# * `shape` and `typestr` say how many elements there are and of which type: `<f4` is `float32`.
# * `strides` says how many bytes it is to the next row and to the next column. `None` means: without gaps.
# * `version` and `stream` are formalities.
#
# Whoever reads the card can work with the array. No value moves for it.
#
# **What do you expect?** `image[:, ::2]` takes every second column. What differs on its card: the address, the shape,
# the strides? And what about `image[1:]`? Write it down, then run the cell.


# %%
def card(array):
    told = array.__cuda_array_interface__
    return told["data"][0] - image.data.ptr, told["shape"], told["strides"]


print("image        ", card(image))
print("image[:, ::2]", card(image[:, ::2]))
print("image[1:]    ", card(image[1:]))

# %% [markdown]
# The first number is the distance from the beginning of `image`. The second column of a slice is 8 bytes further, the
# next row 16. `image[1:]` begins 16 bytes later and has no gaps. All three lie in the same memory: a slice is a
# **view**, a card of its own for memory that is there already.
#
# ![In the middle a memory of twelve fields, 0 to 11. From above an object of CuPy with shape 3, 4 and no strides points
# to field 0. From below an object of Numba with shape 3, 2 and strides 16, 8 points to the same field; the fields 0, 2,
# 4, 6, 8 and 10 that it reaches have a heavy frame.](figures/card.svg)

# %% [markdown]
# ## Numba's kernels on CuPy's arrays
#
# A kernel in Numba is a Python function with `@cuda.jit`. It stands for one thread, as in CUDA C, and
# `cuda.grid(1)` is the number of this thread. It is launched with the number of blocks and the number of threads in
# each block in square brackets. Behind them come the arguments, plain Python numbers too: Numba compiles for the types
# that it gets.
#
# This is the colleague's kernel. A pixel is hot if it is hotter than `high`. It also counts as hot if it is hotter than
# `low` only, but its left neighbour is hot. So the edge of a hot spot does not flicker. One thread walks along one row,
# since each pixel needs the decision of the one before. Array operations cannot do that.


# %%
@cuda.jit
def hysteresis(rows, high, low, marks):
    r = cuda.grid(1)
    if r < rows.shape[0]:
        hot = False
        for c in range(rows.shape[1]):
            hot = rows[r, c] > high or (hot and rows[r, c] > low)
            marks[r, c] = hot


# %% [markdown]
# `checks.traffic(function, ...)` calls a function and counts: operations, bytes copied to the device, bytes copied
# back.
#
# **What do you expect?** Once the kernel gets arrays of CuPy, once arrays of NumPy. The image has 2 × 4 values of 4
# bytes, the marks have 1 byte each. Write down for both cases how many bytes cross.

# %%
rows = np.array([[50, 70, 58, 52], [58, 50, 72, 71]], np.float32)
marks = np.zeros((2, 4), np.uint8)


def launch(rows, marks):
    hysteresis[1, 32](rows, 60, 55, marks)


rows_there, marks_there = cp.asarray(rows), cp.asarray(marks)
print("CuPy: ", checks.traffic(launch, rows_there, marks_there))
print("NumPy:", checks.traffic(launch, rows, marks))
print(marks_there)

# %% [markdown]
# With CuPy's arrays nothing crosses. Numba reads the card and launches. With NumPy's arrays it copies all 40 bytes
# there and all 40 back, since it cannot know what the kernel changes.
#
# In the first row 58 counts as hot, since 70 stands to its left. In the second row 58 does not: it is the first.
#
# And slices? A `RawKernel` sees nothing of strides and reads the wrong elements. Numba hands the strides over to the
# kernel, so `rows[r, c]` is right for a slice as well.

# %%
every_second = rows_there[:, ::2]
marks_there = cp.zeros((2, 2), cp.uint8)
print("slice:", checks.traffic(launch, every_second, marks_there))
print(every_second, marks_there, sep="\n")

# %% [markdown]
# ## Exercise 1: hot_share
#
# Put both together: CuPy corrects, Numba's kernel decides, CuPy summarises. Write `hot_share(image, offset, high,
# low)`:
#
# * `image` and `offset` have the shape `(height, width)` and the dtype `float32`; they lie on the device. `high` and
#   `low` are Python numbers.
# * Subtract `offset` first. Then `hysteresis` from above decides for each pixel.
# * The result is a CuPy array of shape `(height,)` in `float32`: for each row the share of pixels that are hot.
# * Nothing is copied between host and device, at most 8 operations are started, and the inputs stay as they are.
#
# `height` is any number from 1 on. So round the number of blocks up. The emulated GPU may point out scattered accesses:
# a thread for each row is simple, but not fast. Here that does not matter.


# %% nbgrader={"grade_id": "hot_share", "solution": true}
def hot_share(image, offset, high, low):
    # Your code here: correct, make room for the marks, launch, summarise.
    raise NotImplementedError


# %% [markdown]
# Check your function as often as you like. The points come from the same check with other images.

# %% nbgrader={"grade_id": "hot_share-test", "grade": true, "locked": true, "points": 7}
import checks

checks.hot_share(hot_share)
### BEGIN HIDDEN TESTS
import exam

exam.hot_share(hot_share)
### END HIDDEN TESTS

# %%
# Stuck? Each run of this cell shows one more hint.
checks.hot_share_hint()

# %% [markdown]
# ## The way back
#
# The other direction works as well. The camera's driver is written with Numba and hands over a **device array** of
# Numba. It has no functions for computing: `film.mean()` does not exist. CuPy has them all. `cp.asarray(film)` reads
# the card and gives a CuPy array in the same memory.
#
# `cp.asarray` copies only if it must, `cp.array` always. For everything else there is a simple test. Write a 1 through
# the result, and look whether it arrives in the original.
#
# **What do you expect?** Write down for each line whether it yields a view or a copy. Then run the cell.

# %%
lines = {
    "cp.asarray(d)": lambda d: cp.asarray(d),
    "cp.array(d)": lambda d: cp.array(d),
    "cp.asarray(d)[::2]": lambda d: cp.asarray(d)[::2],
    "cp.asarray(d).reshape(2, 3)": lambda d: cp.asarray(d).reshape(2, 3),
    "cp.asarray(d, dtype=cp.float64)": lambda d: cp.asarray(d, dtype=cp.float64),
    "cp.asarray(d) * 1": lambda d: cp.asarray(d) * 1,
    "cuda.as_cuda_array(cp.asarray(d))": lambda d: cuda.as_cuda_array(cp.asarray(d)),
    "cuda.to_device(cp.asarray(d))": lambda d: cuda.to_device(cp.asarray(d)),
}
for name, line in lines.items():
    d = cuda.to_device(np.zeros(6, np.float32))
    line(d)[:] = 1
    print(f"{name:34} {'view' if d.copy_to_host().any() else 'copy'}")

# %% [markdown]
# * Another type needs other bytes. So `dtype=` makes a copy, where the type differs.
# * An operation such as `* 1` always writes into a new array. With `*=` it writes into the old one.
# * `cuda.as_cuda_array(x)` turns a CuPy array into one of Numba, in the same memory. That is what you return to a
#   program that expects Numba's arrays.
# * The last line is a surprise: `cuda.to_device` copies NumPy arrays only. What lies on the device stays where it is.
#
# None of these copies crosses the bridge to the host; all of them happen on the device. So it is not the bytes that
# give the mistake away. It is the result that does not arrive.

# %% [markdown]
# ## Exercise 2: remove_background
#
# The driver wants its film without the background: from each pixel its mean over time is subtracted. It goes on working
# with its own array, so the values must change **in place**. Write `remove_background(film)`:
#
# * `film` is a device array of Numba, with the shape `(n, height, width)` and the dtype `float32`.
# * Afterwards each pixel in `film` has lost its mean over the `n` frames. What the function returns does not matter.
# * Nothing is copied between host and device, and at most 8 operations are started.


# %% nbgrader={"grade_id": "remove_background", "solution": true}
def remove_background(film):
    # Your code here: CuPy computes, in the driver's memory.
    raise NotImplementedError


# %% nbgrader={"grade_id": "remove_background-test", "grade": true, "locked": true, "points": 6}
import checks

checks.remove_background(remove_background)
### BEGIN HIDDEN TESTS
import exam

exam.remove_background(remove_background)
### END HIDDEN TESTS

# %%
checks.remove_background_hint()

# %% [markdown]
# ## Who cleans up?
#
# When nobody needs an array any more, its memory is free and soon belongs to another one. Who is "nobody"? As long as
# there is a Python object that refers to the array, the memory stays. A view knows its owner:

# %%
frame = cp.full(4, 25, cp.float32)
view = cuda.as_cuda_array(frame)
del frame  # the name is gone
print(view.copy_to_host())

# %% [markdown]
# The name is gone, but the memory is not: `view` keeps the CuPy array. A card keeps nothing. It holds an address, and
# an address is just a number.
#
# **What do you expect?** Below, only the card is stored. What comes out in the end: 25, 99, or an error?


# %%
class Stored:
    def __init__(self, array):
        self.__cuda_array_interface__ = array.__cuda_array_interface__


frame = cp.full(4, 25, cp.float32)
stored = Stored(frame)
print("frame is alive:", cp.asarray(stored))
del frame
other = cp.full(4, 99, cp.float32)
try:
    print("frame is gone: ", cp.asarray(stored))
except ValueError as error:
    print("frame is gone: ", error)

# %% [markdown]
# The stand-in for CuPy notices. A real GPU does not. There CuPy keeps freed memory in a **pool** and gives it to the
# next array of this size. You would most likely read 99, without any error, and by writing you would destroy the other
# array.
#
# Hence the rule: pass on the **array**, not its card and not its address. If you must store an address, store the array
# beside it. In the class above one more line is enough: `self.owner = array`.
#
# A second rule is about order. Both libraries put their work on the same default stream, and it is done one after the
# other. Whoever uses streams of their own has to look after the order, too.

# %% [markdown]
# ## Exercise 3: find the bugs in mend_channel
#
# The sensor is read through two amplifiers that take turns: one has the even columns, the other one the odd columns.
# One of them is sluggish. It carries a share of each pixel over into the next one that it reads. This kernel takes the
# share out again, in place, row by row:


# %%
@cuda.jit
def unlag(part, lag):
    r = cuda.grid(1)
    if r < part.shape[0]:
        before = part[r, 0]
        for c in range(1, part.shape[1]):
            seen = part[r, c]
            part[r, c] = (seen - lag[r] * before) / (np.float32(1) - lag[r])
            before = seen


# %% [markdown]
# The kernel is right. The function that launches it is not: the image stays as it was, or the last rows do, and data go
# by way of the host. Mend it:
#
# * `image` is a CuPy array of shape `(height, width)` in `float32` with at least 2 columns. `channel` is 0 or 1, and
#   `lag` is a CuPy array of shape `(height,)`.
# * Afterwards the columns `channel`, `channel + 2` and so on are mended **in place**. The others stay as they were.
# * Nothing is copied between host and device, and `unlag` is the only operation.


# %% nbgrader={"grade_id": "mend_channel", "solution": true}
def mend_channel(image, channel, lag):
    # Mend this; you may change every line.
    part = cp.ascontiguousarray(image[:, channel::2])
    lag_there = cuda.to_device(cp.asnumpy(lag))
    unlag[part.shape[0] // 32, 32](part, lag_there)


# %% nbgrader={"grade_id": "mend_channel-test", "grade": true, "locked": true, "points": 6}
import checks

checks.mend_channel(mend_channel)
### BEGIN HIDDEN TESTS
import exam

exam.mend_channel(mend_channel)
### END HIDDEN TESTS

# %%
checks.mend_channel_hint()

# %% [markdown]
# ## And without Numba?
#
# CuPy can translate Python kernels, too, with `cupyx.jit.rawkernel`. The function stays the same, only `jit.grid(1)`
# takes the place of `cuda.grid(1)`. CuPy makes CUDA C of it. It still calls this experimental: names may change.
#
# **What do you expect?** The kernel gets `every_second` from above, a slice. Does it read the right columns, like the
# one of Numba, or the wrong ones, like a `RawKernel`?


# %%
from cupyx import jit


@jit.rawkernel()
def hysteresis_of_cupy(rows, high, low, marks):
    r = jit.grid(1)
    if r < rows.shape[0]:
        hot = False
        for c in range(rows.shape[1]):
            hot = rows[r, c] > high or (hot and rows[r, c] > low)
            marks[r, c] = hot


marks_there = cp.zeros((2, 2), cp.uint8)
hysteresis_of_cupy[1, 32](every_second, 60, 55, marks_there)
print(every_second, marks_there, sep="\n")

# %% [markdown]
# The right ones: the strides go along here as well. So choose by what your program uses already. Where all arrays are
# CuPy's, this kernel does without a second library. Where Numba's kernels exist, nobody has to rewrite them.

# %% [markdown]
# ## In your own words
#
# A program notes `frame.data.ptr` for the last ten frames, to save memory, and later lets a kernel read from there.
# With few frames it works, with many it shows wrong images now and then. Explain why, why there is no error, and what
# you would store instead. Three or four sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "noted_address", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * Libraries for the GPU pass arrays on with `__cuda_array_interface__`: address, shape, type, strides. No value moves.
# * Numba's kernels take CuPy's arrays as they are, slices included. NumPy's arrays would cross twice.
# * `cp.asarray(d)` and `cuda.as_cuda_array(x)` are views. `cp.array`, another dtype and every operation are copies.
# * Whether something is a view shows when you write through it.
# * A view keeps its owner alive, an address does not. Pass on arrays, not addresses.
#
# ## Further reading
#
# * [CuPy's guide to interoperability](https://docs.cupy.dev/en/stable/user_guide/interoperability.html)
# * [Numba CUDA: the CUDA Array Interface](https://nvidia.github.io/numba-cuda/user/cuda_array_interface.html)
# * [Numba CUDA: writing kernels](https://nvidia.github.io/numba-cuda/user/kernels.html)
# * [CuPy's guide to kernels in Python](https://docs.cupy.dev/en/stable/user_guide/kernel.html#jit-kernel-definition)
