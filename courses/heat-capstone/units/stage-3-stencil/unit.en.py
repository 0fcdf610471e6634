# %% [markdown]
# # Stage 3: a tile in shared memory
#
# A step is a single launch now. But each cell asks its four neighbours, and each neighbour is asked four times. In this
# stage a block fetches its piece of the plate once, keeps it in shared memory, and in the end makes two steps of it
# before it writes anything.
#
# You need about 90 minutes. With 70 % of the points you have passed; your best attempt counts. The points come from the
# checks below, with other plates.

# %%
import checks
import numpy as np
from numba import cuda

from grader.checks import inspect

# %% [markdown]
# ## The kernel without a tile
#
# `checks.plain_step` is the step in Numba, and you may read it in `checks.py`. Instead of a map it takes the
# conductivity of each cell, `conduct`, in `float32`. Harmonic means, holes and the insulated border are as before.
#
# **What do you expect?** A thread reads the temperature of its own cell and of four neighbours. How often is the
# temperature of a cell in the middle of the plate read in one launch? How many bytes does a cell read if no cache helps?

# %%
reads = 1 + 4
print(f"each temperature is read {reads} times, each conductivity too")
print(f"{4 * 2 * reads} bytes read for each cell, {4 * 2} of them are necessary")

# %% [markdown]
# On a GPU a cache catches many of these reads. How many, you do not decide. With a tile you do.
#
# ## Tile and halo
#
# A block of 32 × 8 threads needs the temperatures of its 32 × 8 cells, and those of a ring around them: the **halo**.
# Together this makes a tile of 34 × 10 places. The picture shows it smaller. `B` are the cells of the block, `1` is the
# halo:
#
# ![On the left a block of 3 by 6 cells. On the right its tile of 5 by 8 cells: the same cells in the middle, and around them a ring of cells marked 1. Below stand 18 and 40.](figures/tile.svg)
#
# The smaller the block, the more halo there is for each of its cells.
#
# **What do you expect?** How many places does the tile have for each cell of the block, for the blocks below? Which shape
# of 256 threads has the smallest halo, and why would you not take it all the same?

# %%
for wide, high in ((256, 1), (32, 8), (16, 16), (32, 32)):
    for halo in (1, 2):
        places = (wide + 2 * halo) * (high + 2 * halo)
        print(f"{wide:3} x {high:2}, halo {halo}: {places:4} places, {places / (wide * high):.2f} for each cell")

# %% [markdown]
# 16 × 16 has the smallest halo of those with 256 threads. But a warp has 32 threads, and these should read neighbouring
# cells of a single row. So we take 32 × 8.
#
# ## More places than threads
#
# 340 places, 256 threads: some threads fetch two. As with the bins of a histogram, a loop spreads them: the thread with
# the number `t` fetches the places `t`, `t + 256` and so on.
#
# **What do you expect?** Which row and column of the tile does thread 0 fetch, and which does it fetch second?

# %%
for t in (0, 83, 84):
    print(f"thread {t:2} fetches", [(place // 34, place % 34) for place in range(t, 340, 256)])

# %% [markdown]
# And what belongs into places outside the plate? Look for a value with which the border needs no `if` of its own any
# more. Outside nothing conducts ...
#
# Then comes a barrier: nobody may read the tile before everybody has filled it. For that, threads whose own cell is
# outside must come along, too. They fetch places that others need.

# %% [markdown]
# ## Exercise 1: `tile_step`
#
# Write the kernel `tile_step(now, conduct, rate, out)`, which makes one step with a tile:
#
# * `now`, `conduct` and `out` have the shape `(h, w)` in `float32`, `rate` is a number in `float32`. `h` and `w` are at
#   least 1. `out` holds anything at the beginning.
# * A face conducts the harmonic mean of its two cells, and 0 where one of them or both are 0. The outer border is
#   insulated.
# * Blocks have 32 × 8 threads, x along the columns. The grid has just as many as the plate needs.
# * The kernel computes in `float32` throughout. Mind your literals: in Numba `2.0` is a `float64`, and an `int` times a
#   `float32` is one, too.
# * It moves far less memory than `checks.plain_step`. The emulated GPU counts the sectors; a GPU measures the time.


# %% nbgrader={"grade_id": "tile_step", "solution": true}
@cuda.jit
def tile_step(now, conduct, rate, out):
    # Your code: fill the tile, wait, compute the cell.
    pass


# %% nbgrader={"grade_id": "tile_step-test", "grade": true, "locked": true, "points": 13}
import checks

checks.tile_step(tile_step)
### BEGIN HIDDEN TESTS
import exam

exam.tile_step(tile_step)
### END HIDDEN TESTS

# %%
# Stuck? Each run of this cell shows one more hint.
checks.tile_step_hint()

# %% [markdown]
# See the accesses of your kernel. As long as it is empty, there is no picture of them.

# %%
now, conduct, rate, out = checks.plate(np.random.default_rng(3), (16, 64))
inspect(tile_step)[(2, 2), (32, 8)](cuda.to_device(now), cuda.to_device(conduct), rate, cuda.to_device(out))

# %% [markdown]
# ## Two steps from one tile
#
# Now each launch reads the plate once and writes it once. It cannot be less, or can it? A launch that makes **two**
# steps reads and writes once for both. For this a block must compute what its neighbours would have told it after the
# first step. It computes it itself, in a halo that is one cell wider. These cells are called **ghost zones**.
#
# ![Three grids with arrows between them. At t = 0 there are 7 by 10 cells: 3 by 6 of the block, a ring marked 1 and a ring marked 2. At t = 1 the block and the ring 1 are left, at t = 2 the block alone.](figures/steps.svg)
#
# With a halo of 2 the first step is right in the block and one ring around it. The second step is right in the block.
# With each step the right area shrinks by one cell on each side.
#
# **What do you expect?** How many bytes for each cell and step do one, two and four steps from one tile read and write?
# And how many cells are computed for each one that counts?

# %%
wide, high = 32, 8
for count in (1, 2, 4):
    places = (wide + 2 * count) * (high + 2 * count)
    computed = sum((wide + 2 * ring) * (high + 2 * ring) for ring in range(count)) / count
    moved = (8 * places / (wide * high) + 4) / count
    print(f"{count} steps: {moved:.1f} bytes, {computed / (wide * high):.2f} cells computed for one")

# %% [markdown]
# Memory gets less and arithmetic gets more. Somewhere in between lies the best number of steps, and where depends on the
# GPU.

# %% [markdown]
# ## Exercise 2: find the mistakes in `two_steps`
#
# This kernel is meant to make two steps from one tile. `stepped` computes a cell. The tile of conductivities begins
# further out than the one of temperatures, and `shift` says by how much. There are three mistakes in `two_steps`, none
# in the two functions above it. Mend them:
#
# * Inputs, output, launch and types are as in exercise 1.
# * `out` holds the temperatures after **two** steps of length `rate`.
#
# The check finds more than wrong results: look at the kinds of findings and at their lines.


# %% nbgrader={"grade_id": "two_steps", "solution": true}
@cuda.jit(device=True)
def face(one, other):
    if one * other > 0:
        return np.float32(2) * one * other / (one + other)
    return np.float32(0)


@cuda.jit(device=True)
def stepped(heat, row, col, lead, shift, rate):
    # The cell at heat[row, col] lies at lead[row + shift, col + shift].
    own, k = heat[row, col], lead[row + shift, col + shift]
    change = face(k, lead[row + shift - 1, col + shift]) * (heat[row - 1, col] - own)
    change += face(k, lead[row + shift + 1, col + shift]) * (heat[row + 1, col] - own)
    change += face(k, lead[row + shift, col + shift - 1]) * (heat[row, col - 1] - own)
    change += face(k, lead[row + shift, col + shift + 1]) * (heat[row, col + 1] - own)
    return own + rate * change


@cuda.jit
def two_steps(now, conduct, rate, out):
    heat = cuda.shared.array((12, 36), np.float32)
    lead = cuda.shared.array((12, 36), np.float32)
    half = cuda.shared.array((10, 34), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    t = 32 * ty + tx
    height, width = now.shape
    top, left = 8 * cuda.blockIdx.y - 2, 32 * cuda.blockIdx.x - 2
    p = t
    if p < 432:
        row, col = p // 36, p % 36
        y, x = top + row, left + col
        inside = 0 <= y < height and 0 <= x < width
        heat[row, col] = now[y, x] if inside else np.float32(0)
        lead[row, col] = conduct[y, x] if inside else np.float32(0)
    cuda.syncthreads()
    for p in range(t, 340, 256):
        row, col = p // 34, p % 34
        half[row, col] = stepped(heat, row + 1, col + 1, lead, 0, rate)
    y, x = top + ty + 2, left + tx + 2
    if y < height and x < width:
        out[y, x] = stepped(half, ty + 1, tx, lead, 1, rate)


# %% nbgrader={"grade_id": "two_steps-test", "grade": true, "locked": true, "points": 10}
import checks

checks.two_steps(two_steps)
### BEGIN HIDDEN TESTS
import exam

exam.two_steps(two_steps)
### END HIDDEN TESTS

# %%
checks.two_steps_hint()

# %% [markdown]
# ## Note for your report
#
# Compare `checks.plain_step`, `tile_step` and `two_steps`: bytes for each cell and step without the help of a cache, and
# cells computed for each one that counts. Then choose another block shape, compute both numbers for it, and say what
# speaks for it and what against it. A person reads and marks this.

# %% [markdown] nbgrader={"grade_id": "note-3", "grade": true, "solution": true, "points": 2}
# *Your note here.*

# %% [markdown]
# ## What to take along
#
# * A tile with halo fetches each value once for each block; places outside the plate are holes.
# * A loop in steps of the block's size fills more places than there are threads. Then comes a barrier, for all.
# * Several steps from one tile trade arithmetic for memory, and the right area shrinks with each step.
# * In Numba a literal is enough to compute in `float64`.
#
# ## Further reading
#
# * [Numba CUDA: shared memory and synchronization](https://nvidia.github.io/numba-cuda/user/memory.html)
# * [NVIDIA: shared memory in the programming
#   guide](https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#shared-memory)
