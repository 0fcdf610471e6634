# %% [markdown]
# # Reductions in shared memory
#
# The machine's control has no use for images. It needs numbers: how warm is the workpiece on average, and where are the
# differences greatest? Making one number of many is called a **reduction**. In this unit the threads of a block work
# together for it.
#
# Afterwards you can
#
# * exchange values within a block through shared memory, and put barriers where they are needed;
# * reduce a block in a tree to a sum, a minimum or a maximum, for every block size and every `n`;
# * join the results of the blocks, by a second launch or atomically;
# * explain why the order matters in a sum of `float32`.
#
# You need about 60 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import numpy as np
from numba import cuda

from grader.checks import inspect

heat = np.random.default_rng(12).uniform(20, 90, 1000).astype(np.float32)
pixels = cuda.to_device(heat)
print(f"{heat.size} pixels, {heat.mean(dtype=np.float64):.4f} degrees on average")

# %% [markdown]
# ## A memory for the block
#
# With `cuda.atomic.add` each pixel could be added to the sum directly. But then all threads of the GPU queue for the
# same place. It is better if each block computes for itself first, and only its result travels on.
#
# For this each block has a small memory of its own, the **shared memory**. It lies close to where the computing is done
# and is far faster than global memory. Other blocks do not see it, and it is gone when the block ends.
#
# ![Two framed blocks with four threads each, 0 to 3. In each block arrows in both directions lead between the threads and a box named shared. Below lies a long box named global, which is connected in both directions with each of the two boxes named shared.](figures/memories.svg)
#
# `cuda.shared.array(64, np.float32)` makes an array that all threads of the block have in common. Its size must be a
# fixed number, known when the kernel is compiled. At the beginning it holds anything; do not rely on zeros.
#
# The kernel below turns a row of 64 pixels around. Each thread puts down its own pixel and fetches that of another one.
#
# **What do you expect?** Is the result right, and does the emulated GPU find fault with anything? Write down both.


# %%
@cuda.jit
def turn_around(row, out):
    shared = cuda.shared.array(64, np.float32)
    t = cuda.threadIdx.x
    shared[t] = row[t]
    out[t] = shared[63 - t]


row = cuda.to_device(heat[:64])
turned = cuda.to_device(np.zeros(64, np.float32))
turn_around[1, 64](row, turned)
print("the result is right:", np.array_equal(turned.copy_to_host(), heat[:64][::-1]))

# %% [markdown]
# ## The barrier
#
# Thread 0 reads what thread 63 has put down. But has that one done so yet? The 64 threads are two warps, and neither
# waits for the other. This is a race, whatever came out in this run.
#
# `cuda.syncthreads()` is a **barrier**: whoever gets there waits until all threads of its block have come. What was
# written before it can be read by all after it.


# %%
@cuda.jit
def turn_around_safely(row, out):
    shared = cuda.shared.array(64, np.float32)
    t = cuda.threadIdx.x
    shared[t] = row[t]
    cuda.syncthreads()
    out[t] = shared[63 - t]


turn_around_safely[1, 64](row, turned)
print("the result is right:", np.array_equal(turned.copy_to_host(), heat[:64][::-1]))

# %% [markdown]
# Two rules come with it:
#
# * **All** threads of the block must come to the barrier. It has no place in an `if` that only some of them enter.
#   Otherwise the ones wait for the others, perhaps forever.
# * It holds for **one** block. A kernel cannot wait for other blocks in this way.
#
# Do at least the 32 threads of *one* warp always stay together? On old GPUs they did. Since the generation named Volta
# each thread has a program counter of its own, and you may no longer rely on it.

# %% [markdown]
# ## A tree instead of a queue
#
# How do 256 threads add their values? Not one after the other but in pairs. In each step the front half of the values
# adds the back half to itself. The distance of the partners is called `stride`. With eight values it looks like this:
#
# ![Four rows of eight boxes. At the top stand 3, 1, 4, 1, 5, 9, 2, 6. With stride equal to 4 arrows lead from two boxes each, 4 apart, into the front four: 8, 10, 6, 7. With stride equal to 2 the front two become 14 and 17. With stride equal to 1 the first becomes 31. Boxes that no longer take part are dashed.](figures/tree.svg)
#
# **What do you expect?** How many steps does a block with 256 values take, and how many one with 1024? Write down two
# numbers.

# %%
for count in (8, 256, 1024):
    values, stride, steps = list(range(count)), count // 2, 0
    while stride > 0:
        for t in range(stride):
            values[t] += values[t + stride]
        stride, steps = stride // 2, steps + 1
    print(f"{count:5} values: {steps:2} steps, sum {values[0]} (right: {sum(range(count))})")

# %% [markdown]
# Here the inner loop still runs on the host, one `t` after the other. In a kernel `t` is the thread, and all the `t` of
# a step run at once. The next step reads what this one has written. So what must stand between the two?

# %% [markdown]
# ## Exercise 1: block_sum
#
# Write a kernel in which each block adds its pixels. Block `b` writes its sum to `partial[b]`.
#
# * The launch has 256 threads in each block, and as many blocks as `heat` needs. Thread `i` of the grid has pixel `i`.
# * The length of `heat` is no multiple of 256, and it may be less than a block.
# * `partial` holds anything at the beginning.


# %% nbgrader={"grade_id": "block_sum", "solution": true}
@cuda.jit
def block_sum(heat, partial):
    # Your code: put down, add in a tree, and one of them writes.
    pass


# %% [markdown]
# Check your kernel as often as you like. The points come from the same check with other sizes.

# %% nbgrader={"grade_id": "block_sum-test", "grade": true, "locked": true, "points": 6}
import checks

checks.block_sum(block_sum)
### BEGIN HIDDEN TESTS
import exam

exam.block_sum(block_sum)
### END HIDDEN TESTS

# %%
checks.block_sum_hint()

# %% [markdown]
# ## The second launch
#
# Of 1000 pixels four partial sums are left, one for each block. Who adds those? Blocks cannot wait for each other, but
# a launch can: a kernel begins only when the one before it is done. So you call the same kernel once more, this time
# with the partial sums and a single block. As long as yours is empty, 0 comes out.

# %%
partial, result = cuda.to_device(np.zeros(4, np.float32)), cuda.to_device(np.zeros(1, np.float32))
block_sum[4, 256](pixels, partial)
block_sum[1, 256](partial, result)
print(f"{result.copy_to_host()[0] / 1000:.4f} degrees on average")

# %% [markdown]
# It works for large images, too: for 256 · 256 = 65,536 pixels two launches are enough, for 16 million three.
#
# ## Who is still at work?
#
# The partners could also be neighbours: first 1 apart, then 2, then 4. Both trees have the same number of steps and
# additions. The two kernels below add 256 pixels each, and `inspect` shows what the second warp did, warp 1.
#
# **What do you expect?** In which tree does a warp more often have threads with nothing to do? After each run, look at
# the last picture, "Threads at work".


# %%
@cuda.jit
def neighbours(heat, out):
    shared = cuda.shared.array(256, np.float32)
    t = cuda.threadIdx.x
    shared[t] = heat[t]
    stride = 1
    while stride < 256:
        cuda.syncthreads()
        if t % (2 * stride) == 0:
            shared[t] += shared[t + stride]
        stride *= 2
    if t == 0:
        out[0] = shared[0]


@cuda.jit
def halves(heat, out):
    shared = cuda.shared.array(256, np.float32)
    t = cuda.threadIdx.x
    shared[t] = heat[t]
    stride = 128
    while stride > 0:
        cuda.syncthreads()
        if t < stride:
            shared[t] += shared[t + stride]
        stride //= 2
    if t == 0:
        out[0] = shared[0]


inspect(neighbours, warp=1)[1, 256](pixels, result)

# %%
inspect(halves, warp=1)[1, 256](pixels, result)

# %% [markdown]
# With neighbours as partners, only every second thread of **each** warp works in the very first step, then every
# fourth. With halves a warp works as a whole, or it has the time off and other blocks may compute. Only in the last
# five steps is a warp partly filled, and then it is a single one. That is why one takes the halves.

# %% [markdown]
# ## Not every block can be halved
#
# 256 is a power of two, 96 is not: 96, 48, 24, 12, 6, 3, and then? `3 // 2` is 1, and the third value is left behind.
#
# **What do you expect?** How many of the 96 pixels are missing from the sum at the end? Write down your number.

# %%
values, stride = [{place} for place in range(96)], 48
while stride > 0:
    for t in range(stride):
        values[t] |= values[t + stride]
    stride //= 2
print(f"{96 - len(values[0])} of 96 pixels are missing, such as {sorted(set(range(96)) - values[0])[-3:]}")

# %% [markdown]
# A third is missing, for the value that was left behind held 32 pixels by then. The remedy: round the half **up**. Of 3
# values 2 remain; the first gets the third one added, and the second has no partner and stays as it is.
#
# Threads without a pixel are the second trap. In a sum they put down 0, which changes nothing. But a 0 may well change
# a minimum or a maximum. There you need a value that never wins, or one that occurs in the block anyway.

# %% [markdown]
# ## Exercise 2: spread
#
# Where the tool rubs, hot and cold lie close together. Each block looks at a strip of the image: as many pixels as it
# has threads. The **spread** of a strip is its greatest raw value minus its smallest one.
#
# Write a kernel that finds the widest spread of all strips:
#
# * `raw` holds whole numbers (`int32`), also negative ones. The last strip may be shorter.
# * A block has at most 256 threads, which need not be a power of two. Its size is in `cuda.blockDim.x`.
# * `widest` has one element. Afterwards it holds the widest spread, or keeps its own value if that is greater.
#
# The launch has just as many blocks as the image needs.


# %% nbgrader={"grade_id": "spread", "solution": true}
@cuda.jit
def spread(raw, widest):
    # Your code: two trees in one, and at the end the blocks meet.
    pass


# %% nbgrader={"grade_id": "spread-test", "grade": true, "locked": true, "points": 5}
import checks

checks.spread(spread)
### BEGIN HIDDEN TESTS
import exam

exam.spread(spread)
### END HIDDEN TESTS

# %%
checks.spread_hint()

# %% [markdown]
# ## Why the order matters
#
# Whole numbers can be added in any order. `float32` has only about seven digits, and each addition is rounded. Below,
# 60.1 is added a million times. First one after the other, as NumPy's `cumsum` does, then in a tree.
#
# **What do you expect?** By how many degrees is the mean off in each of the two ways?

# %%
many = np.full(1_000_000, 60.1, np.float32)
one_by_one = np.cumsum(many)[-1]
values = many
while values.size > 1:
    half = (values.size + 1) // 2
    values = np.concatenate([values[: values.size // 2] + values[half:], values[values.size // 2 : half]])
for name, value in (("one by one", one_by_one), ("in a tree", values[0]), ("in float64", many.sum(dtype=np.float64))):
    print(f"{name:14} mean {value / 1_000_000:.5f}")

# %% [markdown]
# Whoever adds one by one soon adds a small number to a very large sum. The small one's last digits are lost each time,
# always in the same direction. In a tree numbers meet that are about equal. So it is not only faster but also more
# accurate.
#
# `cuda.atomic.add` on a `float32` adds one by one, too, and in an order that nobody fixes. For each single pixel this
# soon becomes inaccurate.

# %% [markdown]
# ## Exercise 3: find the mistakes
#
# This kernel is the first of two launches for a total sum. It always runs with 4 blocks of 128 threads, however large
# the image is. Each thread first collects in a grid-stride loop. Then the block adds in a tree, and block `b` writes
# its sum to `partial[b]`.
#
# There are two mistakes. One makes the sums wrong. The other one shows only now and then, and the check tells you its
# line. Mend both, and keep the tree: the sums are to stay accurate, for large images, too.


# %% nbgrader={"grade_id": "total", "solution": true}
@cuda.jit
def total(heat, partial):
    shared = cuda.shared.array(128, np.float32)
    t = cuda.threadIdx.x
    own = np.float32(0)
    for i in range(cuda.grid(1), heat.shape[0], cuda.gridsize(1)):
        own += heat[i]
    shared[t] = own
    cuda.syncthreads()
    stride = 64
    while stride > 1:
        if t < stride:
            shared[t] += shared[t + stride]
        if stride > 32:
            cuda.syncthreads()
        stride //= 2
    if t == 0:
        partial[cuda.blockIdx.x] = shared[0]


# %% nbgrader={"grade_id": "total-test", "grade": true, "locked": true, "points": 5}
import checks

checks.total(total)
### BEGIN HIDDEN TESTS
import exam

exam.total(total)
### END HIDDEN TESTS

# %%
checks.total_hint()

# %% [markdown]
# ## In your own words
#
# A colleague lets each block add its sum to a single `float32` by `cuda.atomic.add`. On a GPU this runs twice with the
# same image, and the last digit differs the second time. Is that a race? Where does the difference come from, and what
# do you suggest if every digit has to be the same? Three or four sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-digits", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * Shared memory belongs to one block. It is fast, small, and not empty at the beginning.
# * Between writing and reading by different threads stands `cuda.syncthreads()`, and all threads come to it. Within a
#   warp, too.
# * A tree makes one value of `n` in about log₂(`n`) steps. Round the half up where the size is no power of two.
# * Whoever has no pixel puts down a value that changes nothing: 0 for sums, but not for minimum and maximum.
# * Blocks meet by a second launch, or by one atomic operation for each block.
#
# ## Further reading
#
# * [Numba CUDA: shared memory and synchronization](https://nvidia.github.io/numba-cuda/user/memory.html)
# * [NVIDIA's CUDA Programming Guide, with a part on shared memory and barriers](https://docs.nvidia.com/cuda/cuda-programming-guide/)
