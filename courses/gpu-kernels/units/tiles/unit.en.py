# %% [markdown]
# # Tiles in shared memory
#
# To remove noise from an image you need each pixel's neighbours, and to turn an image you write rows that were columns.
# Both make a simple kernel move far more memory than the image has. In this unit a block fetches a **tile** of the
# image once, and its threads then work on that.
#
# Afterwards you can
#
# * load a tile with its halo into shared memory, for images of any shape;
# * exchange a tile so that a block reads and writes neighbouring pixels;
# * recognise bank conflicts and avoid them by padding;
# * give reasons when a tile pays.
#
# You need about 60 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import numpy as np
from numba import cuda

from grader.checks import inspect

rng = np.random.default_rng(14)
y, x = np.mgrid[0:64, 0:96]
heat = (24 + 50 * np.exp(-((x - 60) ** 2 + (y - 20) ** 2) / 200) + rng.normal(0, 0.3, (64, 96))).astype(np.float32)
image = cuda.to_device(heat)
print(f"{heat.size} pixels are {heat.nbytes // 32} sectors, from {heat.min():.0f} to {heat.max():.0f} degrees")

# %% [markdown]
# ## Nine reads for one pixel
#
# A pixel of a thermal camera is off by a few tenths of a degree, now up, now down. The mean of a pixel and its eight
# neighbours is off by much less. The kernel below takes it, one thread for each pixel. Outside of the image the nearest
# pixel of its edge counts.
#
# **What do you expect?** The image and the result have 768 sectors each. How many sectors does the kernel move? Write
# down your number. It stands in the last line below the pictures.


# %%
@cuda.jit
def smooth_plain(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        total = np.float32(0)
        for row in range(y - 1, y + 2):
            for column in range(x - 1, x + 2):
                total += image[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
        out[y, x] = total / np.float32(9)


out = cuda.to_device(np.zeros_like(heat))
inspect(smooth_plain)[(3, 8), (32, 8)](image, out)

# %% [markdown]
# It moves 8448 sectors instead of 1536. Neighbouring threads read neighbouring pixels, so the accesses are in good
# order. There are simply too many of them: each pixel is fetched nine times, by threads of which most are in the same
# block. A real GPU has caches that catch a part of this. With a tile you need not hope for them.
#
# ## A tile with a halo
#
# A block of 32 × 8 threads needs its 32 × 8 pixels, and around them a border one pixel wide. This border is called the
# **halo**. Together that is a tile of 34 × 10 pixels:
#
# ![A grid of 10 by 6 boxes. The inner 8 by 4 boxes are plain and have a thick frame, named block. The border around them, one box wide, is hatched and named halo. One box in the frame is marked by a dot, and the 3 by 3 boxes around it are framed by a dashed line.](figures/halo.svg)
#
# The block fetches the tile once, waits at a barrier, and then each thread takes its nine values from shared memory.
#
# **What do you expect?** How many pixels of the tile are there for each pixel of the result? For which of these blocks
# is it the fewest: 32 × 8, 16 × 16, 8 × 8 or 32 × 32?

# %%
for across, down in ((32, 8), (16, 16), (8, 8), (32, 32)):
    tile = (across + 2) * (down + 2)
    print(f"{across:2} x {down:2}: {tile:4} pixels for {across * down:4}, {tile / (across * down):.2f} each")

# %% [markdown]
# Instead of nine reads between 1.13 and 1.56 remain. The larger the block, the smaller is the part of the halo.
#
# ## Who fetches the halo?
#
# The tile has 340 places, and the block has 256 threads. In a histogram in shared memory the threads of a block walk
# through the bins in steps of `blockDim`. It works just like that for a tile, in both axes.
#
# **What do you expect?** Which columns of the tile does thread column 0 fetch, and which thread column 5? Which rows
# does thread row 1 fetch?

# %%
for tx in (0, 1, 2, 5):
    print(f"thread column {tx} fetches the columns {list(range(tx, 34, 32))}")
for ty in (0, 1, 2, 5):
    print(f"thread row {ty} fetches the rows {list(range(ty, 10, 8))}")

# %% [markdown]
# Each place of the tile comes up exactly once, the corners, too. Place (0, 0) of the tile is *not* the block's first
# pixel but lies one to the left of it and one above. So in the image it is column `32 * blockIdx.x - 1`.
#
# ## At the edge of the image
#
# In the first block that is column -1. Python counts negative numbers from the end, and so does Numba in a kernel: the
# kernel would read the **last** column without any complaint. Beyond the last column the array simply ends.
#
# `min(max(x, 0), width - 1)` moves each number outside to the nearest column inside. This is called **clamping**.
#
# **What do you expect?** An image is 40 columns wide. Which column does the second block fetch into place 9 of a row of
# its tile, and which into place 33?

# %%
width, left = 40, 32 * 1 - 1
for column in (0, 1, 7, 8, 9, 10, 33):
    print(f"place {column:2} of the tile: column {left + column:2}, clamped {min(max(left + column, 0), width - 1):2}")

# %% [markdown]
# Place 9 is the halo of the last column. Nobody needs places 10 to 33 in this image, but being clamped they may be
# fetched all the same. So no thread has to ask before it reads. It has to ask only before it writes.

# %% [markdown]
# ## Exercise 1: smooth
#
# Write a kernel that takes the mean of each pixel and its eight neighbours, by means of a tile:
#
# * Outside of the image the nearest pixel of its edge counts. So each mean is one of nine values.
# * Height and width are any numbers from 1 on.
# * The launch has blocks of 32 × 8 threads, just enough to cover the image.
# * Each block fetches its tile from global memory once.


# %% nbgrader={"grade_id": "smooth", "solution": true}
@cuda.jit
def smooth(image, out):
    # Your code: fetch the tile with its halo, wait, take the mean.
    pass


# %% [markdown]
# Check your kernel as often as you like. The points come from the same check with other sizes. Without a GPU the last
# line of the check compares memory traffic: how many times as many sectors does `smooth_plain` move?

# %% nbgrader={"grade_id": "smooth-test", "grade": true, "locked": true, "points": 6}
import checks

checks.smooth(smooth)
### BEGIN HIDDEN TESTS
import exam

exam.smooth(smooth)
### END HIDDEN TESTS

# %%
checks.smooth_hint()

# %% [markdown]
# How many sectors does your kernel move for our image? As long as it is empty, there are none.

# %%
inspect(smooth)[(3, 8), (32, 8)](image, out)

# %% [markdown]
# ## Rows become columns
#
# The second camera is mounted sideways. Its images have to be turned by a quarter to the left:
#
#     1 2 3         3 6
#     4 5 6   ->    2 5
#                   1 4
#
# A pixel from row `y` and column `x` gets into row `width - 1 - x` and column `y`.
#
# **What do you expect?** 32 threads of a warp have 32 neighbouring pixels of a row. How many sectors do they touch when
# they read, and how many when they write?


# %%
@cuda.jit
def turn_left_plain(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        out[width - 1 - x, y] = image[y, x]


turned = cuda.to_device(np.zeros((96, 64), np.float32))
inspect(turn_left_plain)[(3, 2), (32, 32)](image, turned)

# %% [markdown]
# Reading takes 4 sectors, writing takes 32, for what is below each other in the result is far apart in memory. Of each
# sector with 32 bytes 4 are used. If the threads are handed out the other way round, they write well and read badly.
#
# Here nothing is read twice. All the same a tile helps: in shared memory it makes no difference whether you go along a
# row or down a column. The block **reads rows** of the image into the tile, and **writes rows** of the result from it:
#
# ![Three squares of 3 by 3 boxes. In the left one, named image, rows hold 1 2 3, 4 5 6 and 7 8 9; its first row is framed. An arrow leads to the middle one, named tile, which holds the same numbers; its last column, 3 6 9, is framed. A second arrow leads to the right one, named out, with rows 3 6 9, 2 5 8 and 1 4 7; its first row is framed.](figures/turn.svg)
#
# For this a thread changes its role between reading and writing. It reads for the place `[ty, tx]` of the tile and
# writes what stands at `[tx, ty]`. The **block** changes its role, too: what was its row of blocks in the image is a
# column of blocks in the result.
#
# * Reading: column `left + tx` and row `top + ty` of the image, with `left = 32 * blockIdx.x` and `top = 32 *
#   blockIdx.y`.
# * Writing: row `width - 1 - (left + ty)` and column `top + tx` of the result.
#
# So `tx` is the last index both times: neighbouring threads, neighbouring memory. And each of the two needs a guard of
# its own, for at the edge of the image other threads read than write.
#
# ## Banks
#
# Shared memory is made of 32 **banks**, 4 bytes wide. Word `i` lies in bank `i % 32`. In one turn each bank serves one
# word. If the threads of a warp want different words from one bank, they queue. This is called a **bank conflict**.
#
# ![Two drawings with four banks as columns. On the left a tile of 4 by 4: its first column, framed, lies in bank 0 four times, under it stands 4 times. On the right a tile of 4 by 5 whose last column is hatched: its first column, framed, moves on by one bank in each row, under it stands 1 time.](figures/banks.svg)
#
# Now a tile has 32 columns. **What do you expect?** In how many banks does a *column* of it lie? And how many are they
# if each row has one place more, which nobody uses?

# %%
for columns in (32, 33, 34, 36):
    banks = {row * columns % 32 for row in range(32)}
    print(f"{columns} places in a row: a column lies in {len(banks):2} banks, {32 // len(banks):2} turns")

# %% [markdown]
# The unused place is called **padding**. It costs 128 bytes in all, and the column's 32 words lie in 32 banks. Both
# kernels below only fetch a column of a tile. Look at the last picture with banks of each: how many turns does the warp
# take?


# %%
@cuda.jit
def column_of_32(out):
    tile = cuda.shared.array((32, 32), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    tile[ty, tx] = tx
    cuda.syncthreads()
    out[ty, tx] = tile[tx, ty]


@cuda.jit
def column_of_33(out):
    tile = cuda.shared.array((32, 33), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    tile[ty, tx] = tx
    cuda.syncthreads()
    out[ty, tx] = tile[tx, ty]


small = cuda.to_device(np.zeros((32, 32), np.float32))
inspect(column_of_32)[1, (32, 32)](small)

# %%
inspect(column_of_33)[1, (32, 32)](small)

# %% [markdown]
# ## Exercise 2: turn_left
#
# Write a kernel that turns an image by a quarter to the left, by means of a tile:
#
# * `out[width - 1 - x, y]` is `image[y, x]`. The result has the shape `(width, height)`.
# * Height and width are any numbers from 1 on.
# * The launch has blocks of 32 × 32 threads, just enough to cover `image`.
# * A warp reads neighbouring pixels of a row and writes neighbouring pixels of a row.
# * There are no bank conflicts.


# %% nbgrader={"grade_id": "turn_left", "solution": true}
@cuda.jit
def turn_left(image, out):
    # Your code: which thread reads what, and which one writes it?
    pass


# %% nbgrader={"grade_id": "turn_left-test", "grade": true, "locked": true, "points": 7}
import checks

checks.turn_left(turn_left)
### BEGIN HIDDEN TESTS
import exam

exam.turn_left(turn_left)
### END HIDDEN TESTS

# %%
checks.turn_left_hint()

# %% [markdown]
# ## Exercise 3: find the mistakes
#
# How will the heat spread in the workpiece? In a short time step each pixel comes a little closer to its four
# neighbours: to its value you add `rate` times the sum of the neighbours minus four times its own value. Outside of the
# image the pixel at the edge counts, so no heat gets lost there.
#
# The kernel below takes one step. It has blocks of 32 × 8 threads and a tile with a halo, but without corners, for
# these are not needed. The threads at the edge of the block fetch the halo. There are two mistakes:
#
# * One of them shows itself for images whose width is no multiple of 32.
# * The other one shows only now and then. The check tells you its line.
#
# Mend both, and keep the tile.


# %% nbgrader={"grade_id": "heat_step", "solution": true}
@cuda.jit
def heat_step(heat, rate, out):
    tile = cuda.shared.array((10, 34), np.float32)
    tx, ty = cuda.threadIdx.x + 1, cuda.threadIdx.y + 1
    x, y = cuda.grid(2)
    height, width = heat.shape
    inside = x < width and y < height
    if inside:
        tile[ty, tx] = heat[y, x]
        if tx == 1:
            tile[ty, 0] = heat[y, max(x - 1, 0)]
        if tx == 32:
            tile[ty, 33] = heat[y, min(x + 1, width - 1)]
        if ty == 1:
            tile[0, tx] = heat[max(y - 1, 0), x]
        if ty == 8 or y == height - 1:
            tile[ty + 1, tx] = heat[min(y + 1, height - 1), x]
    if inside:
        around = tile[ty, tx - 1] + tile[ty, tx + 1] + tile[ty - 1, tx] + tile[ty + 1, tx]
        out[y, x] = tile[ty, tx] + rate * (around - np.float32(4) * tile[ty, tx])


# %% nbgrader={"grade_id": "heat_step-test", "grade": true, "locked": true, "points": 6}
import checks

checks.heat_step(heat_step)
### BEGIN HIDDEN TESTS
import exam

exam.heat_step(heat_step)
### END HIDDEN TESTS

# %%
checks.heat_step_hint()

# %% [markdown]
# ## In your own words
#
# A colleague puts a tile into the kernel that subtracts the dark frame: each thread puts its pixel into shared memory,
# comes to a barrier, takes it out again and subtracts. Will the kernel be faster? Name the two reasons for a tile that
# you have met in this unit, with a kernel for each. Three or four sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-tiles", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * A tile pays where several threads need the same pixel, or where reading and writing go in different directions.
# * Two loops with the steps of the block fetch a tile of any size, halo and corners included.
# * Clamp before reading, guard before writing, and between fetching and using stands a barrier for all.
# * When turning, threads *and* blocks change their role, and reading and writing have a guard each.
# * A column of a tile with 32 places in a row lies in one bank. One place more for each row, and it lies in 32.
#
# ## Further reading
#
# * [Numba CUDA: shared memory and synchronization](https://nvidia.github.io/numba-cuda/user/memory.html)
# * [NVIDIA's CUDA Best Practices Guide: shared memory and its
#   banks](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#shared-memory)
