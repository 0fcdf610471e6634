# %% [markdown]
# # Grid-stride loops
#
# A thermal camera watches a workpiece while it is milled. Sometimes it delivers a single image, sometimes a film of a
# thousand images. Up to now you computed a launch of its own for each length. In this unit you write kernels that do
# not mind: they are right with one block, and right with far too many.
#
# Afterwards you can
#
# * write a grid-stride loop that is right for every launch;
# * find a wrong start, end or step in such a loop and mend it;
# * explain why the step is the whole grid, and what such a loop is good for.
#
# You need about 50 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import numpy as np
from numba import cuda

raw = np.random.default_rng(7).integers(500, 2000, 1000).astype(np.int32)
pixels = cuda.to_device(raw)

# %% [markdown]
# ## Fewer threads than pixels
#
# Here is the kernel that you know: one thread, one pixel. It turns raw counts into degrees Celsius.
#
# **What do you expect?** There are 1000 pixels, and the launch has 2 blocks of 64 threads. How many pixels get no
# temperature? Write your number down, then run the cell.


# %%
@cuda.jit
def calibrate_one(raw, celsius):
    i = cuda.grid(1)
    if i < raw.size:
        celsius[i] = np.float32(raw[i]) * np.float32(0.04)


celsius = cuda.to_device(np.full(1000, -1, np.float32))
calibrate_one[2, 64](pixels, celsius)
missing = (celsius.copy_to_host() == -1).sum()
print(f"{2 * 64} threads, {missing} pixels without a temperature")

# %% [markdown]
# 128 threads took 128 pixels, and 872 were left over. One way out is a larger grid, as in the unit before. The other
# one: a thread that is done with its pixel **takes another one**.
#
# ## One thread, several pixels
#
# The picture shows 20 pixels and a grid of 2 blocks with 4 threads each. That makes 8 threads. In the first pass they
# take pixels 0 to 7, in the second pass 8 to 15, and in the third one the rest.
#
# ![Eight columns, one for each of the threads 0 to 7, in two frames of four columns: the blocks. Below each thread are its pixels. First row: 0 to 7. Second row: 8 to 15. Third row: 16 to 19 for threads 0 to 3; the places of threads 4 to 7 are hatched and empty.](figures/passes.svg)
#
# Read the column below thread 5: it takes pixel 5, then pixel 13, and then there is none left. From one pixel to the
# next it goes on by 8, the number of **all threads in the grid**. Such a loop is called *grid-stride loop*: its step,
# or stride, is the grid.
#
# Numba knows both numbers: `cuda.grid(1)` is the number of this thread, and `cuda.gridsize(1)` is how many there are.
# So the loop is one line: `range(start, end, step)` with the thread as start, the number of pixels as end, and the grid
# as step.
#
# **What do you expect?** The kernel below is launched four times, from one single thread to 2560 threads. Which of the
# launches are right?


# %%
@cuda.jit
def calibrate(raw, celsius):
    for i in range(cuda.grid(1), raw.size, cuda.gridsize(1)):
        celsius[i] = np.float32(raw[i]) * np.float32(0.04)


for blocks, threads in ((1, 1), (1, 64), (2, 64), (40, 64)):
    celsius = cuda.to_device(np.full(1000, -1, np.float32))
    calibrate[blocks, threads](pixels, celsius)
    right = np.allclose(celsius.copy_to_host(), raw * np.float32(0.04))
    print(f"{blocks:2} blocks of {threads:2} threads, right: {right}")

# %% [markdown]
# All of them. Where is the guard? It sits in the end of the `range`: a thread whose number is 1000 or more begins
# behind the end, so its loop does not run at all. A launch with one single thread is an ordinary loop, by the way. That
# helps when you look for a mistake: what is wrong even then has nothing to do with threads.
#
# ## Whose pixel is it?
#
# Let the threads sign their pixels. **What do you expect?** With the launch of the picture, which thread signs pixel
# 13, and which one signs pixel 18? Look at the picture, write it down, then run the cell.


# %%
@cuda.jit
def sign(owner):
    for i in range(cuda.grid(1), owner.size, cuda.gridsize(1)):
        owner[i] = cuda.grid(1)


owner = cuda.device_array(20, np.int32)
sign[2, 4](owner)
print("pixel:  ", *(f"{i:2}" for i in range(20)))
print("thread: ", *(f"{t:2}" for t in owner.copy_to_host()))

# %% [markdown]
# ## Neighbours take neighbours
#
# Why does thread 0 not simply take pixels 0, 1 and 2, and thread 1 the next three? Each thread would have a piece of
# its own, and each pixel would be taken once. The result would be right, too.
#
# The reason is memory. It does not hand over single pixels but whole pieces of neighbouring ones. The threads of a warp
# take each step together, so what counts is what they touch **in the same step**. The picture shows the first step of
# four threads; a heavy frame is a piece that memory has to hand over.
#
# ![Two rows of 16 pixels in pieces of four. Above, with the grid as step, threads 0 to 3 touch pixels 0 to 3, and one piece has a heavy frame. Below, with a part for each thread, they touch pixels 0, 4, 8 and 12, and all four pieces have heavy frames.](figures/neighbours.svg)
#
# Above, one piece is enough for all. Below, four are needed, and three quarters of each is for nobody at that moment.
# So in every pass neighbouring threads shall take neighbouring pixels.

# %% [markdown]
# ## Exercise 1: add_frame
#
# A single image is noisy. So the images of a film are added up and later divided by their number. Write the kernel that
# adds one image to the sum: each `total[i]` grows by `frame[i]`.
#
# * Each pixel is added **exactly once**, with every launch: one block, few blocks, far too many blocks.
# * In every pass neighbouring threads take neighbouring pixels.
# * `frame` and `total` have the same length, and `frame` stays as it is.


# %% nbgrader={"grade_id": "add_frame", "solution": true}
@cuda.jit
def add_frame(frame, total):
    # Your code: where does this thread begin, where is the end, and how far is it to its next pixel?
    pass


# %% [markdown]
# Check your kernel as often as you like. The points come from the same check with other sizes and launches.

# %% nbgrader={"grade_id": "add_frame-test", "grade": true, "locked": true, "points": 8}
import checks

checks.add_frame(add_frame)
### BEGIN HIDDEN TESTS
import exam

exam.add_frame(add_frame)
### END HIDDEN TESTS

# %%
checks.add_frame_hint()

# %% [markdown]
# ## Three loops that are nearly right
#
# What happens if the start or the step is wrong? You need no GPU for that. The function below plays through a launch
# and counts how often each pixel is taken. Right is a 1 everywhere.
#
# **What do you expect?** There are 2 blocks of 4 threads and 20 pixels. For each of the three loops say: are there
# pixels that nobody takes, and pixels that are taken twice? Write it down, then run the cell.


# %%
def taken(start, step, n=20, blocks=2, threads=4):
    times = np.zeros(n, int)
    for block in range(blocks):
        for thread in range(threads):
            times[start(block, thread) : n : step] += 1
    return times


print("step = block:  ", *taken(lambda block, thread: 4 * block + thread, step=4))
print("start = thread:", *taken(lambda block, thread: thread, step=8))
print("step = blocks: ", *taken(lambda block, thread: 4 * block + thread, step=2))

# %% [markdown]
# * **`cuda.blockDim.x` as step**: from the second block on, all is done twice. With more blocks it gets worse.
# * **`cuda.threadIdx.x` as start**: each block begins at the front. Some pixels are taken by both blocks, others by
#   none.
# * **`cuda.gridDim.x` as step**: the number of blocks is not the number of threads.
#
# The treacherous part: with **one** block the first two are right. And where each pixel is only set, as in `calibrate`,
# doing it twice costs time, but nobody sees it. With `+=` it is a mistake, and a race as well: two threads use the same
# place, and one of them writes. What comes out then is up to chance.

# %% [markdown]
# ## Exercise 2: find the mistakes
#
# A film lies in memory as one long row, image after image. The background is a single image, and it is to be subtracted
# from every image of the film, in place. So pixel `i` of the film goes with pixel `i % background.size` of the
# background.
#
# The kernel was tried with a film of one image and a grid of one block. In three places it is right only then. Mend
# them, so that it is right for films of any number of images and for every launch.


# %% nbgrader={"grade_id": "remove_background", "solution": true}
@cuda.jit
def remove_background(film, background):
    for i in range(cuda.threadIdx.x, background.size, cuda.gridsize(1)):
        film[i] -= background[i]


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
# ## What a thread keeps for itself
#
# In such a loop a thread sees many pixels. It can remember something about them in a variable of its own, which no
# other thread touches, and write it down **once** at the end. Here each thread looks for the hottest of its pixels.
#
# **What do you expect?** The launch has 2 blocks of 16 threads. How many numbers are left of the 1000 temperatures, and
# what is the greatest of them?


# %%
@cuda.jit
def hottest_of_mine(celsius, hottest):
    most = np.float32(-273)
    for i in range(cuda.grid(1), celsius.size, cuda.gridsize(1)):
        most = max(most, celsius[i])
    hottest[cuda.grid(1)] = most


hottest = cuda.device_array(2 * 16, np.float32)
hottest_of_mine[2, 16](celsius, hottest)
found = hottest.copy_to_host()
print(f"{found.size} numbers, the greatest is {found.max():.2f}, and of all pixels {celsius.copy_to_host().max():.2f}")

# %% [markdown]
# A thousand temperatures became 32, one for each thread, and the greatest of all is among them. Nobody had to wait for
# anybody. The few numbers that are left can be dealt with in a second step.

# %% [markdown]
# ## Exercise 3: sum_shares
#
# How much heat is in an image? For that its raw counts are summed up. Write a kernel in which each thread sums its
# **share**. If the grid has `T` threads, thread `t` adds up `raw[t]`, `raw[t + T]`, `raw[t + 2 * T]` and so on. It
# writes the sum to `sums[t]`.
#
# * `sums` has exactly one element for each thread of the grid. What is in it before is not defined.
# * A thread without a pixel writes 0.
# * `raw` holds whole numbers and stays as it is.


# %% nbgrader={"grade_id": "sum_shares", "solution": true}
@cuda.jit
def sum_shares(raw, sums):
    # Your code: a variable of its own, a loop, and one write at the end.
    pass


# %% nbgrader={"grade_id": "sum_shares-test", "grade": true, "locked": true, "points": 5}
import checks

checks.sum_shares(sum_shares)
### BEGIN HIDDEN TESTS
import exam

exam.sum_shares(sum_shares)
### END HIDDEN TESTS

# %%
checks.sum_shares_hint()

# %% [markdown]
# The shares differ from launch to launch, but their sum does not. As long as your kernel is empty, it is 0.

# %%
print("all pixels:", raw.sum())
for blocks, threads in ((1, 32), (3, 64), (20, 64)):
    sums = cuda.to_device(np.zeros(blocks * threads, np.int64))
    sum_shares[blocks, threads](pixels, sums)
    print(f"{blocks * threads:4} shares: {sums.copy_to_host().sum()}")

# %% [markdown]
# ## So how large shall the grid be?
#
# Now that every launch is right, you may choose one that is fast. A GPU has several **multiprocessors**, and each has
# room for so many threads. With fewer threads, part of it is idle. With more, the rest waits until others are done.
#
# So the grid follows the GPU and no longer the data. Print how many blocks of 256 threads fill this one. How many would
# a thread for each pixel of a film need?

# %%
gpu = cuda.get_current_device()
room = gpu.MULTIPROCESSOR_COUNT * gpu.MAX_THREADS_PER_MULTIPROCESSOR
print(f"{gpu.MULTIPROCESSOR_COUNT} multiprocessors have room for {room} threads: {room // 256} blocks of 256")
film = 60 * 480 * 640
print(f"a film of 60 images has {film} pixels: {film // 256} blocks of 256")

# %% [markdown]
# The emulated GPU is a small one; a real one has many more multiprocessors. A grid that fills it once or a few times is
# a good beginning. Which one is fastest only a measurement tells, and with this loop you can try without changing the
# kernel.

# %% [markdown]
# ## In your own words
#
# A colleague takes `cuda.blockDim.x` as the step of a loop and says: "My kernel only sets `out[i]`. I tested it with
# one block and with 50, and the results were right." What is wrong with the loop all the same? Why did this test not
# show it, and which test would? Three or four sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-stride", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * `for i in range(cuda.grid(1), n, cuda.gridsize(1))`: begin at the thread, go on by the whole grid, end at the data.
# * The guard is the end of the `range`. The loop is right for every launch, from one thread to far too many.
# * In each pass neighbouring threads take neighbouring pixels.
# * Test with several blocks, with too few threads, and with `+=`: then a pixel that is taken twice shows itself.
# * A thread may keep something in a variable of its own and write it once at the end.
#
# ## Further reading
#
# * [Numba CUDA: thread positions, with `grid` and `gridsize`](https://nvidia.github.io/numba-cuda/user/kernels.html)
# * [NVIDIA's blog on flexible kernels with grid-stride loops](https://developer.nvidia.com/blog/cuda-pro-tip-write-flexible-kernels-grid-stride-loops/)
# * [NVIDIA's CUDA Programming Guide: the thread hierarchy](https://docs.nvidia.com/cuda/cuda-programming-guide/)
