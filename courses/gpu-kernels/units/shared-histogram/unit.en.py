# %% [markdown]
# # Histograms in shared memory
#
# Most of a thermal image is background, and nearly all pixels get into the same bin. Such images are what a histogram
# with atomic operations is slow at, for all queue in one place. Now each block counts for itself first.
#
# Afterwards you can
#
# * give each block a histogram of its own, for any number of bins and any block size;
# * put clearing, counting and handing over in order by two barriers that all threads come to;
# * give reasons when private counts pay and when they do not.
#
# You need about 55 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import numpy as np
from numba import cuda

from grader.checks import inspect

rng = np.random.default_rng(13)
levels = rng.integers(0, 100, 4096).astype(np.int32)
levels[rng.random(4096) < 0.75] = 24
pixels = cuda.to_device(levels)
print(f"{levels.size} pixels, {(levels == 24).sum()} of them in bin 24")

# %% [markdown]
# In this unit `levels` holds the number of the bin already, one value for each pixel.
#
# ## Where all of them meet
#
# This is how you have counted up to now: each thread raises the count of its bin in global memory. For the first warp,
# `inspect` shows which places its 32 threads touch.
#
# **What do you expect?** Where do most of the lines lead when the warp updates the counts? Look at the second picture.


# %%
@cuda.jit
def count_global(levels, counts):
    i = cuda.grid(1)
    if i < levels.shape[0]:
        cuda.atomic.add(counts, levels[i], 1)


counts = cuda.to_device(np.zeros(100, np.int32))
inspect(count_global)[16, 256](pixels, counts)

# %% [markdown]
# In the first picture each thread reads its own pixel. In the second one most lines run to a single place, where the
# threads go one after the other. At the same time the other blocks want the same.
#
# ## Count for yourself first
#
# A block has its own, fast **shared memory**. There each block gets a histogram of its own. At the end it hands over
# each bin once, however many pixels are in it. This is called **privatising**.
#
# ![Two framed blocks. In each of them arrows lead from six pixels to four counts of its own: block 0 has the pixels 2, 2, 0, 2, 3, 2 and the counts 1, 0, 4, 1; block 1 has the pixels 2, 1, 2, 2, 2, 3 and the counts 0, 1, 4, 1. From each count above 0 an arrow leads to the four global counts below: 1, 1, 8, 2.](figures/private.svg)
#
# In this way twelve pixels get by with six additions in global memory. In a real image the difference is larger.
#
# **What do you expect?** Our image has 4096 pixels and 100 bins. How many additions in global memory are left with 16
# blocks, and how many with one? Write down two numbers.

# %%
for blocks in (16, 4, 1):
    handed_over = sum(np.unique(part).size for part in np.array_split(levels, blocks))
    print(f"{blocks:2} blocks: {handed_over:4} instead of {levels.size}")

# %% [markdown]
# Threads meet in a private histogram, too, and there, too, `cuda.atomic.add` is needed. But only the threads of *one*
# block meet, and the memory lies right beside them.
#
# ## More bins than threads
#
# Shared memory does not begin with zeros. Who clears the bins? The obvious way: thread `t` clears bin `t`. But then a
# block of 64 threads leaves rubbish in 36 of 100 bins.
#
# It is better if each thread walks through the bins in steps of `blockDim`. You know this as a grid-stride loop, but
# here it runs within one block.
#
# **What do you expect?** Which bins does thread 0 clear, and which thread 40? The block has 64 threads.

# %%
for t in (0, 35, 36, 40, 63):
    print(f"Thread {t:2} clears {list(range(t, 100, 64))}")

# %% [markdown]
# Each bin occurs exactly once. This also holds where there are more threads than bins: some threads then have nothing
# to do, and their loop does not run at all.
#
# ## Two barriers
#
# The kernel has three parts: **clear**, **count**, **hand over**. The warps of a block differ in speed. So barriers
# stand between the parts, the thick lines in the picture. Whoever waits is hatched:
#
# ![Three warps, time runs to the right. Each has three bars: equals 0, plus 1, global. A thick vertical line separates the first bar from the second, another one the second from the third. Warps that are done earlier wait before the line, which is hatched.](figures/barriers.svg)
#
# * Without the **first** barrier a quick warp counts already, and a slow one clears its bin once more after that.
# * Without the **second** one a quick warp hands over a bin in which a slow one still wants to count.
#
# And where do they stand in the code? In the last block some threads have no pixel. They must come to the barrier all
# the same. So `if i < n:` encloses the counting only, and never a `cuda.syncthreads()`. A `return` for threads without
# a pixel is wrong here, too: they are still needed for clearing and handing over.

# %% [markdown]
# ## Exercise 1: shared_histogram
#
# Write a kernel that counts the values of `levels`, in each block for itself first:
#
# * `counts[b]` grows by the number of pixels with the value `b`. What it holds already is kept.
# * Values below 0, and values from `counts.shape[0]` on, are not counted.
# * There are 1 to 256 bins. A block may have more or fewer threads than there are bins.
# * Each block adds to each place of `counts` at most once. One point is for that.
#
# The launch has at least one thread for each pixel. The size of an array in shared memory is a fixed number: take 256,
# and use as much of it as you need.


# %% nbgrader={"grade_id": "shared_histogram", "solution": true}
@cuda.jit
def shared_histogram(levels, counts):
    # Your code: clear, count, hand over. What stands in between?
    pass


# %% [markdown]
# Check your kernel as often as you like. The points come from the same check with other sizes.

# %% nbgrader={"grade_id": "shared_histogram-test", "grade": true, "locked": true, "points": 6}
import checks

checks.shared_histogram(shared_histogram)
### BEGIN HIDDEN TESTS
import exam

exam.shared_histogram(shared_histogram)
### END HIDDEN TESTS

# %%
checks.shared_histogram_hint()

# %% [markdown]
# See how your kernel updates global memory now. As long as it is empty, there is no picture of that.

# %%
counts = cuda.to_device(np.zeros(100, np.int32))
inspect(shared_histogram)[16, 256](pixels, counts)

# %% [markdown]
# When handing over, each thread has a bin of its own, and neighbouring threads have neighbouring bins. The lines run
# side by side instead of to one point.

# %% [markdown]
# ## Exercise 2: strips_with
#
# A value that occurs in one place of the image only is often a fault of the camera. So the control wants to know how
# widespread each value is. Each block looks at a strip: as many pixels as it has threads.
#
# Write a kernel that counts in how **many strips** a value occurs:
#
# * `counts[b]` grows by 1 for each strip that holds the value `b`, even if it holds it a hundred times.
# * Everything else is as in exercise 1. The launch has just as many blocks as the image needs.


# %% nbgrader={"grade_id": "strips_with", "solution": true}
@cuda.jit
def strips_with(levels, counts):
    # Your code: what must a block know about a value, and what does it hand over?
    pass


# %% nbgrader={"grade_id": "strips_with-test", "grade": true, "locked": true, "points": 5}
import checks

checks.strips_with(strips_with)
### BEGIN HIDDEN TESTS
import exam

exam.strips_with(strips_with)
### END HIDDEN TESTS

# %%
checks.strips_with_hint()

# %% [markdown]
# How widespread are the values of our image in 16 strips? As long as your kernel is empty, all of them are 0.

# %%
strips = cuda.to_device(np.zeros(100, np.int32))
strips_with[16, 256](pixels, strips)
found = strips.copy_to_host()
print(f"Value 24 is in {found[24]} of 16 strips, the others are in {np.delete(found, 24).mean():.1f} on average")

# %% [markdown]
# ## Exercise 3: find the mistakes
#
# Segmentation has divided the workpiece into zones: cutting edge, flank, shank and so on. For each pixel `zone` gives
# the number of its zone, or -1 for the background. The kernel below is meant to add up the raw values of each zone, and
# to add the sum to what `sums` holds already, at most once for each block. There are at most 256 zones.
#
# There are two mistakes. One makes all sums wrong as soon as `sums` is not empty or there are several blocks. The other
# one shows itself when the last block is not full. Mend both.


# %% nbgrader={"grade_id": "zone_sums", "solution": true}
@cuda.jit
def zone_sums(zone, raw, sums):
    own = cuda.shared.array(256, np.int32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    zones = sums.shape[0]
    for z in range(t, zones, cuda.blockDim.x):
        own[z] = 0
    cuda.syncthreads()
    if i < zone.shape[0]:
        if zone[i] >= 0:
            cuda.atomic.add(own, zone[i], raw[i])
        cuda.syncthreads()
    for z in range(t, zones, cuda.blockDim.x):
        sums[z] = own[z]


# %% nbgrader={"grade_id": "zone_sums-test", "grade": true, "locked": true, "points": 5}
import checks

checks.zone_sums(zone_sums)
### BEGIN HIDDEN TESTS
import exam

exam.zone_sums(zone_sums)
### END HIDDEN TESTS

# %%
checks.zone_sums_hint()

# %% [markdown]
# ## In your own words
#
# A colleague wants to count the 65,536 possible raw values of a camera, each in a bin of its own. The blocks have 256
# threads and look at 256 pixels. Does it pay here, too, to let each block count for itself? Give reasons by the work of
# clearing and handing over, and name an image for which private counts pay a lot. Three or four sentences. A person
# reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-private", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * Privatising means that each block counts for itself and hands over each bin once.
# * Clear, count, hand over, with a barrier in between each time. If one is missing, there is a race.
# * `range(t, bins, cuda.blockDim.x)` spreads any number of bins over any number of threads.
# * `if i < n` encloses the work on the pixel only, never a barrier.
# * It pays where many pixels get into few bins.
#
# ## Further reading
#
# * [Numba CUDA: shared memory and synchronization](https://nvidia.github.io/numba-cuda/user/memory.html)
# * [Numba CUDA: supported atomic operations](https://nvidia.github.io/numba-cuda/user/intrinsics.html)
