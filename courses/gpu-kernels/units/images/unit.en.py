# %% [markdown]
# # Images on a 2-D grid
#
# The thermal camera above the milling machine delivers temperatures. People want to see a picture: dark where it is
# cold, red where the tool bites. Such a picture has rows and columns, and so can a grid of threads.
#
# Afterwards you can
#
# * map `x` and `y` of a grid to the columns and rows of an image;
# * guard both axes, for images that are not square, too;
# * let neighbouring threads touch neighbouring pixels, and explain what that saves.
#
# You need about 55 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import checks
import numpy as np
from numba import cuda

from grader.checks import inspect

rows, columns = np.mgrid[0:24, 0:56]
part = (rows >= 5) & (rows < 20) & (columns >= 6) & (columns < 50)
spot = 55 * np.exp(-((columns - 38) ** 2 / 90 + (rows - 9) ** 2 / 25))
heat = np.where(part, 32 + spot, 22).astype(np.float32)
print(f"{heat.shape} rows and columns, from {heat.min()} to {heat.max()} degrees Celsius")
checks.picture((heat - 20) / 70, "the workpiece, warmest where the tool bites, right of its middle")

# %% [markdown]
# ## x counts columns, y counts rows
#
# NumPy names the **row first**: `heat[y, x]`, and `heat.shape` is `(height, width)`. CUDA names the **column first**:
# `x, y = cuda.grid(2)`. Nearly every mistake with images comes from mixing up the two.
#
# The picture shows an image of 5 rows and 10 columns under blocks of 4 × 2 threads. The yellow pixel is `[3, 6]`: row 3,
# column 6. Its thread has `x = 6` and `y = 3`. Hatched threads have no pixel.
#
# ![A grid of 12 columns and 6 rows of threads, framed as 3 by 3 blocks of 4 by 2 threads. The arrow x points right along the columns, the arrow y points down along the rows. The image fills columns 0 to 9 and rows 0 to 4; the two columns at the right and the row at the bottom are hatched. The pixel in row 3, column 6 is marked.](figures/axes.svg)
#
# A launch takes tuples, `kernel[(blocks_x, blocks_y), (threads_x, threads_y)]`, and each axis is rounded up on its own.
#
# **What do you expect?** How many blocks does our image of 24 rows and 56 columns need with blocks of 16 × 8 threads? How
# many threads have no pixel? Write it down, then run the cell.


# %%
@cuda.jit
def warmer(image, step, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        out[y, x] = image[y, x] + step


height, width = heat.shape
threads = (16, 8)
blocks = ((width + threads[0] - 1) // threads[0], (height + threads[1] - 1) // threads[1])
image = cuda.to_device(heat)
out = cuda.device_array_like(image)
warmer[blocks, threads](image, np.float32(1.5), out)
idle = blocks[0] * blocks[1] * 128 - heat.size
print(f"{blocks} blocks, {idle} threads without a pixel")
print("as NumPy:", np.allclose(out.copy_to_host(), heat + np.float32(1.5)))

# %% [markdown]
# Four blocks along x and three along y make 12 blocks, so 1536 threads for 1344 pixels. 192 threads stand to the right
# of the image. None stand below it, since 24 is a multiple of 8.
#
# ## Why both axes need a guard
#
# In memory there are no rows. The pixels lie one behind the other, and `[y, x]` is at place `y * width + x`.
#
# **What do you expect?** Where does a thread end up that has `y = 2` and `x = 56`, if nobody stops it? Our image has 56
# columns, 0 to 55.

# %%
y, x = 2, 56
place = y * width + x
print(f"place {place} is the pixel {divmod(place, width)}")

# %% [markdown]
# It ends up in the next row, at its first pixel. That lies inside the array, so the mistake shows itself as a wrong
# image only: two threads write to the same pixel. A thread with `y = 24` leaves the array. So guard both axes:
#
# ```python
# if x < width and y < height:
#     ...
# ```

# %% [markdown]
# ## Exercise 1: grey
#
# Write a kernel that turns temperatures into grey values from 0 (black) to 1 (white):
#
# * at `low` degrees and below the value is 0, at `high` degrees and above it is 1;
# * in between it is `(heat[y, x] - low) / (high - low)`.
#
# `heat` and `out` have the same shape, which need not be square. Each pixel has a thread, and there are more threads in
# both axes. `min` and `max` work in kernels, too.


# %% nbgrader={"grade_id": "grey", "solution": true}
@cuda.jit
def grey(heat, low, high, out):
    # Your code: which pixel is this thread's, and is there such a pixel?
    pass


# %% [markdown]
# Check your kernel as often as you like. The points come from the same check with other shapes.

# %% nbgrader={"grade_id": "grey-test", "grade": true, "locked": true, "points": 4}
import checks

checks.grey(grey)
### BEGIN HIDDEN TESTS
import exam

exam.grey(grey)
### END HIDDEN TESTS

# %%
checks.grey_hint()

# %% [markdown]
# And this is what it looks like. As long as your kernel writes nothing, the picture shows whatever lay in memory.

# %%
values = cuda.device_array_like(image)
grey[blocks, threads](image, np.float32(22), np.float32(87), values)
checks.picture(values.copy_to_host(), "the workpiece in grey values")

# %% [markdown]
# ## Neighbours travel together
#
# Does it matter which axis is `x`, if the result is right? To the memory it does. It never delivers a single number,
# but a **sector** of 32 bytes, that is eight `float32` side by side. The threads of a warp ask at the same time, and
# each sector that one of them needs is delivered once for all.
#
# Within a warp `x` changes fastest. The picture shows eight threads, as yellow numbered pixels. On the left they stand
# along a row, on the right along a column. Blue frames are sectors, and hatched pixels are delivered for nothing.
#
# ![Two images of 8 rows and 16 columns, each row divided into two framed sectors of eight pixels. Left: threads 0 to 7 lie side by side in one row and fill one sector, 1 times 32 bytes. Right: threads 0 to 7 lie below each other in one column; each is in a sector of its own, whose other seven pixels are hatched, 8 times 32 bytes.](figures/neighbours.svg)
#
# Accesses that fill their sectors are called **coalesced**. The two kernels below do the same work. Each gets a square
# image of 64 × 64 pixels, so that both orders cover it. `inspect` shows what a warp did.
#
# **What do you expect?** How many sectors does a warp of 32 threads read in each case? Write down both numbers.


# %%
@cuda.jit
def copy_rows(image, out):
    x, y = cuda.grid(2)
    if x < image.shape[1] and y < image.shape[0]:
        out[y, x] = image[y, x]


@cuda.jit
def copy_columns(image, out):
    y, x = cuda.grid(2)
    if x < image.shape[1] and y < image.shape[0]:
        out[y, x] = image[y, x]


square = cuda.to_device(np.ones((64, 64), np.float32))
copied = cuda.device_array_like(square)
inspect(copy_rows)[(2, 8), (32, 8)](square, copied)

# %%
inspect(copy_columns)[(2, 8), (32, 8)](square, copied)

# %% [markdown]
# Along the rows, 32 numbers of 4 bytes fill 4 sectors. Along the columns, each number lies in a sector of its own: 32
# sectors, of which an eighth is used. Both kernels are right, but one moves eight times as much. Most image kernels
# spend their time waiting for memory, so they become clearly slower, even though caches soften it.
#
# The rule: **the last index of the array belongs to `x`**, the number that changes from thread to thread.

# %% [markdown]
# ## Exercise 2: false_colour
#
# Grey values hide small differences. In *false colours* cold is blue, medium green and hot red. A colour has three
# numbers from 0 to 1, and our picture keeps them in three **planes**: `out` has the shape `(3, height, width)`.
#
# Write a kernel that computes for each grey value `v = grey[y, x]`
#
# | Plane | Colour | Value |
# | --- | --- | --- |
# | `out[0, y, x]` | red | `v` |
# | `out[1, y, x]` | green | `1 - abs(2 * v - 1)` |
# | `out[2, y, x]` | blue | `1 - v` |
#
# Launch and shapes are as in exercise 1. There are points for coalesced accesses as well, and `grey` stays as it is.
#
# Beside a `float32` a plain `1` makes Numba compute in `float64`, which most GPUs do slowly. You may get advice about it;
# `np.float32(1)` avoids it. It costs no points here.


# %% nbgrader={"grade_id": "false_colour", "solution": true}
@cuda.jit
def false_colour(grey, out):
    # Your code: one thread, one pixel, three planes.
    pass


# %% nbgrader={"grade_id": "false_colour-test", "grade": true, "locked": true, "points": 5}
import checks

checks.false_colour(false_colour)
### BEGIN HIDDEN TESTS
import exam

exam.false_colour(false_colour)
### END HIDDEN TESTS

# %%
checks.false_colour_hint()

# %%
colours = cuda.to_device(np.zeros((3, height, width), np.float32))
false_colour[blocks, threads](values, colours)
checks.picture(colours.copy_to_host(), "the workpiece in false colours: blue around it, green on it, red at the tool")

# %% [markdown]
# ## Exercise 3: find the mistakes
#
# A mirror protects the camera from flying chips, so its images are the wrong way round. The kernel below shall swap left
# and right: the first column of `out` is the last one of `image`, and so on. Rows stay where they are.
#
# There are three mistakes in it. The launch has enough threads in both axes, whichever way you use them. So the check
# finds one of the mistakes only because it looks at the memory accesses.


# %% nbgrader={"grade_id": "mirror", "solution": true}
@cuda.jit
def mirror(image, out):
    y, x = cuda.grid(2)
    height, width = image.shape
    if x < width:
        out[y, x] = image[y, width - x]


# %% nbgrader={"grade_id": "mirror-test", "grade": true, "locked": true, "points": 5}
import checks

checks.mirror(mirror)
### BEGIN HIDDEN TESTS
import exam

exam.mirror(mirror)
### END HIDDEN TESTS

# %%
checks.mirror_hint()

# %% [markdown]
# ## In your own words
#
# In a kernel somebody swaps `x` and `y` everywhere, in `cuda.grid(2)`, in the guard and in the launch. The image is
# right, but the kernel takes clearly longer. Explain why, with a warp, a sector and numbers. Does mirroring an
# image cost the same? Three or four sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-order", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * `x, y = cuda.grid(2)`, but `image[y, x]` and `height, width = image.shape`.
# * Round each axis up on its own and guard both: beyond the right edge the next row begins.
# * A warp of 32 `float32` side by side needs 4 sectors, one below the other 32.
# * The last index belongs to `x`. A right result does not show whether that is so; `inspect` does.
#
# ## Further reading
#
# * [Numba CUDA: thread positions and grids of several axes](https://nvidia.github.io/numba-cuda/user/kernels.html)
# * [NVIDIA's CUDA C++ Best Practices Guide: coalesced access to global memory](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/)
