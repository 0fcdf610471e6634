# %% [markdown]
# # Laying data out as warps like to read it
#
# The thermal camera delivers more than the eye needs: many images, and several numbers for each pixel. Kernels that
# merely move all this around wait for memory and for nothing else. Whether they are fast is decided by the question
# which thread touches which number.
#
# Afterwards you can
#
# * give a thread several pixels without a warp needing more sectors;
# * lay out fields side by side instead of records, and turn the one into the other;
# * see from an array's shape which index must change from thread to thread;
# * give reasons why a CPU likes it the other way round.
#
# You need about 55 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import numpy as np
from numba import cuda

from grader.checks import inspect

pixels = np.random.default_rng(7).uniform(20, 90, 4096).astype(np.float32)
image = cuda.to_device(pixels)
copied = cuda.device_array_like(image)
print(f"{pixels.size} pixels, {pixels.nbytes} bytes, {pixels.nbytes // 32} sectors")

# %% [markdown]
# ## Several pixels for one thread
#
# To remember: memory delivers **sectors** of 32 bytes, which are eight `float32`. A warp of 32 threads needs 4 of them
# for 32 numbers side by side.
#
# Often a thread shall work on several pixels, for example because it computes something at the beginning that holds for
# all of them. Four threads with three pixels each can share them out in two ways. The number in a box names the thread,
# and yellow is what each touches first:
#
# ![Two rows of twelve boxes. Upper row: 0 0 0 1 1 1 2 2 2 3 3 3, the first of each number is yellow, and these are three apart. Lower row: 0 1 2 3 0 1 2 3 0 1 2 3, the first four are yellow and lie side by side.](figures/stripes.svg)
#
# At the top each gets its pixels in one piece (*blocked*). That is how work would be shared out among people. At the
# bottom it is shared out in stripes (*striped*): thread `t` takes `t`, `t + 4` and `t + 8`.
#
# **What do you expect?** Each thread has 4 pixels in one piece. How many sectors does a warp read with one access? How
# many are there with 8 and with 16 pixels?


# %%
@cuda.jit
def copy_blocked(image, items, out):
    first = cuda.grid(1) * items
    for k in range(items):
        i = first + k
        if i < image.shape[0]:
            out[i] = image[i]


inspect(copy_blocked)[16, 64](image, 4, copied)

# %%
for items in (1, 2, 4, 8, 16):
    counters = inspect(copy_blocked)[4096 // (64 * items), 64](image, items, copied).counters
    print(f"{items:2} pixels a thread: {counters.global_sectors} sectors, {counters.coalescing:.1%} of them needed")

# %% [markdown]
# With 4 pixels there are 16 sectors for each access, with 8 there are 32 already, one for each thread. It does not get
# any worse, since a warp has no more than 32 threads.
#
# The other seven numbers of a sector are needed by the same thread right afterwards. On a real GPU they may still lie
# in the cache then, and the damage is smaller than the numbers here say. But the neighbours use that cache, too, and
# nobody can rely on it.

# %% [markdown]
# ## Exercise 1: copy_striped
#
# Write the copy in stripes: `out[i] = image[i]` for all `i`.
#
# * Each thread has at most `items` pixels, between 1 and 64. So a block of `blockDim.x` threads has a piece of
#   `blockDim.x * items` pixels, and the next block begins behind it.
# * Within the piece you share out in stripes.
# * The number of pixels need not be a multiple of anything. Then the last block is not full.
#
# The launch has just as many blocks as are needed. There are points for the share of sectors that are needed, too: at
# least 90 %. Where a GPU marks, the speed beside a plain copy counts as well.


# %% nbgrader={"grade_id": "copy_striped", "solution": true}
@cuda.jit
def copy_striped(image, items, out):
    # Your code: where does this thread begin, and how far is it to the next pixel?
    pass


# %% [markdown]
# Check your kernel as often as you like. The points come from the same check with other sizes.

# %% nbgrader={"grade_id": "copy_striped-test", "grade": true, "locked": true, "points": 5}
import checks

checks.copy_striped(copy_striped)
### BEGIN HIDDEN TESTS
import exam

exam.copy_striped(copy_striped)
### END HIDDEN TESTS

# %%
checks.copy_striped_hint()

# %% [markdown]
# Compare this picture with the one above. As long as your kernel is empty, there is none.

# %%
inspect(copy_striped)[16, 64](image, 4, copied)

# %% [markdown]
# ## Records or fields
#
# In the camera's file each pixel has a **record** of four numbers: raw value `a`, dark value `b`, gain `c` and age `d`.
# The array has the shape `(pixels, 4)`, and the four numbers of a pixel lie one behind the other. This is called an
# *array of structures*.
#
# One may also have four **planes**, one for each field. Then the array has the shape `(4, pixels)` and is called a
# *structure of arrays*. A kernel often needs one field only, here `a` of eight pixels. Frames are sectors:
#
# ![Two rows of 32 boxes, each divided into four framed sectors. Upper row: a b c d, eight times in a row; the eight yellow a are spread over all four sectors. Lower row: eight times a, eight times b, eight times c, eight times d; the eight yellow a fill the first sector.](figures/layouts.svg)
#
# The two kernels below compute `a` times `c`, one from records, the other from planes.
#
# **What do you expect?** How many sectors does a warp read in either case, for both fields together?


# %%
@cuda.jit
def from_records(records, out):
    i = cuda.grid(1)
    if i < records.shape[0]:
        out[i] = records[i, 0] * records[i, 2]


@cuda.jit
def from_planes(planes, out):
    i = cuda.grid(1)
    if i < planes.shape[1]:
        out[i] = planes[0, i] * planes[2, i]


four = np.random.default_rng(8).uniform(0, 1, (1024, 4)).astype(np.float32)
records = cuda.to_device(four)
planes = cuda.to_device(np.ascontiguousarray(four.T))
product = cuda.device_array(1024, np.float32)
inspect(from_records)[8, 128](records, product)

# %%
inspect(from_planes)[8, 128](planes, product)

# %% [markdown]
# From records it is 32 sectors, from planes 8. Strictly speaking it is 16, and each is read twice, since `a` and `c` of
# a pixel lie in the same sector. There the cache helps, but `b` and `d` always travel along.
#
# The rule: **what threads need together belongs side by side.** Neighbouring threads need the same field of
# neighbouring pixels. A thread that needs all four fields of its pixel one after the other does not change that.

# %% [markdown]
# ## Exercise 2: to_planes
#
# Move the numbers: `planes[f, p] = records[p, f]` for all pixels `p` and all four fields `f`.
#
# If you give each thread one pixel, the warp reads 16 sectors instead of 4 for each field. Rather give each thread
# **one number**, in the order in which they lie in `records`. Then a warp reads 32 numbers in one piece, which are
# eight pixels. What does it write? Eight numbers side by side into each of the four planes.
#
# * `records` has the shape `(pixels, 4)`, `planes` the shape `(4, pixels)`.
# * The launch has blocks of 128 threads, and more threads than there are numbers.
# * There are points for the share of sectors that are needed, too: at least 60 %. It does not always work without loss,
#   because a plane may begin in the middle of a sector.


# %% nbgrader={"grade_id": "to_planes", "solution": true}
@cuda.jit
def to_planes(records, planes):
    # Your code: to which pixel and which field does the number of this thread belong?
    pass


# %% nbgrader={"grade_id": "to_planes-test", "grade": true, "locked": true, "points": 5}
import checks

checks.to_planes(to_planes)
### BEGIN HIDDEN TESTS
import exam

exam.to_planes(to_planes)
### END HIDDEN TESTS

# %%
checks.to_planes_hint()

# %%
ordered = cuda.to_device(np.zeros((4, 1024), np.float32))
inspect(to_planes)[33, 128](records, ordered)

# %% [markdown]
# ## Exercise 3: find the mistakes
#
# In the unit on images the last index belonged to `x`. There it was `image[y, x]`. Another camera reads its sensor
# column by column. Its images have the shape `(width, height)`, and a pixel is `raw[x, y]`: pixels one below the other
# are neighbours in memory.
#
# **What do you expect?** Which number of `cuda.grid(2)` must be `y` here, the first or the second?
#
# Each column of this sensor has an amplifier of its own, and each is off by another amount. `offset[x]` says by how
# much. The kernel below shall subtract it from each pixel. There are three mistakes in it, and one of them shows in the
# sectors only. The launch has enough threads in both axes, whichever way you use them.


# %% nbgrader={"grade_id": "even_out", "solution": true}
@cuda.jit
def even_out(raw, offset, out):
    x, y = cuda.grid(2)
    height, width = raw.shape
    if x < width and y < height:
        out[x, y] = raw[x, y] - offset[y]


# %% nbgrader={"grade_id": "even_out-test", "grade": true, "locked": true, "points": 5}
import checks

checks.even_out(even_out)
### BEGIN HIDDEN TESTS
import exam

exam.even_out(even_out)
### END HIDDEN TESTS

# %%
checks.even_out_hint()

# %% [markdown]
# ## In your own words
#
# A colleague copies on a CPU with eight cores, and there sharing out in pieces is faster than in stripes. On the GPU
# you find the opposite. Explain both: who shares a cache on the CPU, and in which order do the accesses come? And how
# is it with the threads of a warp? Give numbers for 8 pixels a thread. Four or five sentences. A person reads and marks
# this answer.

# %% [markdown] nbgrader={"grade_id": "why-stripes", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * Share out in stripes: the step from one pixel to the next is `blockDim` or the whole grid, never 1.
# * Each single pixel needs the guard, since the last stripe is not full.
# * Fields instead of records: what neighbouring threads need at once lies side by side.
# * The last index changes from thread to thread, whatever its name.
# * The result shows nothing of this. `inspect` counts the sectors.
#
# ## Further reading
#
# * [NVIDIA's CUDA C++ Best Practices Guide: coalesced access to global
#   memory](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/)
# * [NVIDIA's CUDA C++ Programming Guide: memory and how it is
#   read](https://docs.nvidia.com/cuda/cuda-c-programming-guide/)
