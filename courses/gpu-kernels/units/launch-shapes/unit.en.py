# %% [markdown]
# # Choosing grid and block
#
# A thermal camera watches a workpiece while it is milled. Sixty times a second it delivers an image, and each pixel of
# it shall get its own GPU thread. Who says how many threads there are? You do, at every launch.
#
# Afterwards you can
#
# * compute how many blocks cover `n` pixels, for every `n`;
# * choose grid and block within the limits of a GPU and in whole warps;
# * tell from a wrong image or a message what is amiss with a launch.
#
# You need about 50 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import numpy as np
from numba import cuda

# %% [markdown]
# ## One pixel too few is one too few
#
# The camera measures in raw counts. A calibration turns them into degrees Celsius, here with a factor of 0.04. This unit
# treats an image as one long row of pixels; rows and columns come in a later one.


# %%
@cuda.jit
def calibrate(raw, celsius):
    i = cuda.grid(1)
    if i < celsius.shape[0]:
        celsius[i] = raw[i] * np.float32(0.04)


raw = np.random.default_rng(7).integers(500, 2000, 1000).astype(np.float32)

# %% [markdown]
# A launch is written `calibrate[blocks, threads](...)`: first the number of blocks in the **grid**, then the number of
# threads in each **block**. Together that makes `blocks * threads` threads.
#
# We have 1000 pixels and take 256 threads in a block. Python's `//` rounds down, so `1000 // 256` is 3.
#
# **What do you expect?** The result is filled with -1 first. How many pixels are still -1 afterwards? Write your number
# down, then run the cell.

# %%
threads = 256
blocks = 1000 // threads
celsius = cuda.to_device(np.full(1000, -1, np.float32))
calibrate[blocks, threads](cuda.to_device(raw), celsius)
missing = (celsius.copy_to_host() == -1).sum()
print(f"{blocks} blocks, {missing} pixels without a temperature")

# %% [markdown]
# Three blocks have 768 threads, so 232 pixels got none. There was no error message: a thread that does not exist cannot
# complain. Such mistakes are often seen only at the edge of the image, and only for some sizes.
#
# ## Rounding up
#
# The number of blocks must be rounded **up**. The picture shows 10 pixels and blocks of 4 threads. Blue frames are
# blocks.
#
# ![Two rows of ten numbered pixels. Above, 10 // 4 = 2: two framed blocks cover pixels 0 to 7, and pixels 8 and 9 are dashed, without a thread. Below, 10 / 4 rounded up is 3: three framed blocks cover all ten pixels, and two hatched places of the last block have no pixel.](figures/covering.svg)
#
# Above, two pixels have no thread. Below, two threads have no pixel; the **guard** `if i < celsius.shape[0]` sends them
# home. So the two belong together: rounding up makes sure that each pixel has a thread, and the guard that each thread
# that works has a pixel.
#
# How many threads are too many? Compare some lengths before you go on. When is nothing left over?

# %%
print("pixels  rounded down  rounded up  threads without a pixel")
for n in (1, 255, 256, 257, 1000, 1024):
    down, up = n // 256, int(np.ceil(n / 256))
    print(f"{n:6} {down:13} {up:11} {up * 256 - n:24}")

# %% [markdown]
# With 256 threads in a block at most 255 are too many, no matter how large the image is. For a camera image of 640 × 480
# pixels that is next to nothing.

# %% [markdown]
# ## Exercise 1: blocks_for
#
# Write a function that gives the **smallest** number of blocks with at least `n` threads in all. Each block has
# `threads` threads. Both are whole numbers of at least 1, and so is the result.
#
# A fraction is no number of blocks, and a printed number is not returned. The check below takes 96 threads for even `n`
# and 256 for odd `n`.


# %% nbgrader={"grade_id": "blocks_for", "solution": true}
def blocks_for(n, threads):
    # Your code: how many blocks are full, and does a rest need one more?
    raise NotImplementedError


# %% [markdown]
# Check your function as often as you like. The points come from the same check with other numbers.

# %% nbgrader={"grade_id": "blocks_for-test", "grade": true, "locked": true, "points": 3}
import checks

checks.blocks_for(blocks_for)
### BEGIN HIDDEN TESTS
import exam

exam.blocks_for(blocks_for)
### END HIDDEN TESTS

# %%
checks.blocks_for_hint()

# %% [markdown]
# ## What a GPU allows
#
# Why not one block with a thread for each pixel? Because a block lives on one part of the chip, a *multiprocessor*, and
# that has room for a limited number of threads. The GPU says itself what it allows:

# %%
gpu = cuda.get_current_device()
print("threads in a block:", gpu.MAX_THREADS_PER_BLOCK)
print("along x, y, z:     ", gpu.MAX_BLOCK_DIM_X, gpu.MAX_BLOCK_DIM_Y, gpu.MAX_BLOCK_DIM_Z)
print("blocks along x:    ", gpu.MAX_GRID_DIM_X)
print("blocks along y, z: ", gpu.MAX_GRID_DIM_Y, gpu.MAX_GRID_DIM_Z)
print("threads in a warp: ", gpu.WARP_SIZE)

# %% [markdown]
# | Limit | Value | What it means for a launch |
# | --- | --- | --- |
# | Threads in a block | 1024 | all axes multiplied: a block of `(32, 32)` is full |
# | Blocks along x | 2,147,483,647 | enough for every array in one axis |
# | Blocks along y and z | 65,535 | a long axis of the data belongs to x |
# | Smallest size | 1 | there is no grid of 0 blocks, not even for 0 pixels |
#
# A launch beyond these limits is refused: the kernel does not run at all, and you get an error. That is the friendly
# kind of mistake. Try it in a cell of your own (**B** adds one): what does `calibrate[1, 2000]` say?
#
# ## Whole warps
#
# A block is not carried out thread by thread. The GPU cuts it into **warps** of 32 threads, and the threads of a warp
# take each step together. A block of 48 threads becomes two warps, and in the second one half of the places are idle:
#
# ![Two blocks. A block of 32 threads fills one warp of 32 places. A block of 48 threads needs two warps: the first has 32 threads, the second 16 threads and 16 hatched, idle places.](figures/warps.svg)
#
# **What do you expect?** Which of the block sizes below uses all places of its warps, and which wastes most of them?
# Write it down, then run the cell.

# %%
for block in (1, 32, 33, 48, 100, 128, 256):
    warps = (block + 31) // 32
    print(f"block of {block:3}, warps: {warps}, {block / (32 * warps):4.0%} of the places used")

# %% [markdown]
# So a block has a multiple of 32 threads. Common choices are 128 and 256: large enough that a multiprocessor has much to
# do, small enough that several blocks fit into it side by side.

# %% [markdown]
# ## Exercise 2: launch_for
#
# Write a function that makes a valid launch of a wish. It gets the number of elements `n` (0 or more) and the `wanted`
# number of threads in a block (1 or more). It returns two whole numbers, `grid, block`:
#
# * `block` is `wanted`, rounded up to whole warps, but 1024 at most;
# * `grid` is the smallest number of such blocks that covers `n` elements, but 1 at least.
#
# Two examples: `launch_for(1000, 200)` gives `(5, 224)`, and `launch_for(31, 2000)` gives `(1, 1024)`.


# %% nbgrader={"grade_id": "launch_for", "solution": true}
def launch_for(n, wanted):
    # Your code: the block first. What follows from it for the grid?
    raise NotImplementedError


# %% nbgrader={"grade_id": "launch_for-test", "grade": true, "locked": true, "points": 4}
import checks

checks.launch_for(launch_for)
### BEGIN HIDDEN TESTS
import exam

exam.launch_for(launch_for)
### END HIDDEN TESTS

# %%
checks.launch_for_hint()

# %% [markdown]
# ## Reading a launch
#
# Numba takes what stands in the brackets as it is. Swapped numbers, `calibrate[threads, blocks]`, are a valid launch,
# too: with 4 blocks of 256 threads or 256 blocks of 4 threads there are 1024 threads in any case.
#
# **What do you expect?** Is the result of the swapped launch right? And what happens with 300,000 pixels? Think about
# it before you run the cell.

# %%
celsius = cuda.to_device(np.full(1000, -1, np.float32))
calibrate[256, 4](cuda.to_device(raw), celsius)
print("The result is right:", np.allclose(celsius.copy_to_host(), raw * np.float32(0.04)))
print("threads in a block for 300,000 pixels, if swapped:", int(np.ceil(300_000 / 256)))

# %% [markdown]
# The result is right by luck, with 28 idle places in each warp. A larger image would have needed 1172 threads in a
# block, which is refused. When you read a launch, ask three questions:
#
# 1. Is the grid first and the block second?
# 2. Is the block within the limits, and does it have whole warps?
# 3. Is the number of blocks rounded up?

# %% [markdown]
# ## Exercise 3: find the mistakes
#
# A camera measures a little even in the dark. That *dark image* is subtracted from each raw image. The colleague who
# wrote the function below tested it with one image only, and today there are three mistakes in it.
#
# Mend `subtract_dark`, so that it works for images of every size from 1 pixel on. `raw` and `dark` are arrays on the GPU
# with the same length; the result is a new one. Keep to **one** launch, and leave the data on the GPU.


# %% nbgrader={"grade_id": "subtract_dark", "solution": true}
@cuda.jit
def subtract_kernel(raw, dark, out):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i] = raw[i] - dark[i]


def subtract_dark(raw, dark):
    out = cuda.device_array_like(raw)
    threads = 2048
    blocks = raw.shape[0] // threads
    subtract_kernel[threads, blocks](raw, dark, out)
    return out


# %% nbgrader={"grade_id": "subtract_dark-test", "grade": true, "locked": true, "points": 5}
import checks

checks.subtract_dark(subtract_dark)
### BEGIN HIDDEN TESTS
import exam

exam.subtract_dark(subtract_dark)
### END HIDDEN TESTS

# %%
checks.subtract_dark_hint()

# %% [markdown]
# ## In your own words
#
# A colleague launches every kernel with `kernel[n, 1]`: `n` blocks of one thread. The results are right, and nothing has
# to be rounded. What does that waste, and why would a block of 100 threads waste less, but still something? Two or three
# sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-warps", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * `kernel[blocks, threads]`: first the grid, then the block.
# * Round the number of blocks up, `(n + threads - 1) // threads`, and guard what is too much.
# * A block has 1 to 1024 threads, best a multiple of 32; no grid is empty.
# * Too few threads fail in silence, too many in a block with an error. Test sizes that do not divide evenly.
#
# ## Further reading
#
# * [Numba CUDA: writing kernels, with a part on choosing the block size](https://nvidia.github.io/numba-cuda/user/kernels.html)
# * [NVIDIA's CUDA Programming Guide: the thread hierarchy and all limits](https://docs.nvidia.com/cuda/cuda-programming-guide/)
