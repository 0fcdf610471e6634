# %% [markdown]
# # The debug clinic
#
# The thermal camera is mounted, tomorrow is acceptance. Six kernels lie on your table, each is broken, and whoever
# wrote them has left. You have what a GPU alone does not give: findings with kind, line and thread.
#
# Afterwards you can
#
# * tell the cause from a finding's kind, line and thread;
# * mend accesses outside of an array and wrong indices, for every size;
# * mend races and barriers;
# * find causes that a finding shows only in part: number types, and two names for one array;
# * explain why a right result does not prove a kernel right.
#
# You need about 60 minutes. Run the cells from top to bottom with **Shift+Enter**. Keep each kernel's name, its
# parameters and their order, for others call it. The work stays on the GPU.

# %%
import numpy as np
from numba import cuda

rng = np.random.default_rng(17)

# %% [markdown]
# ## Reading a finding
#
# This kernel doubles 40 temperatures. It is launched with 64 threads and has no guard.
#
# **What do you expect?** Which threads do something forbidden? What will the last three values be? Write it down, then
# run the cell.


# %%
@cuda.jit
def double(temps, out):
    i = cuda.grid(1)
    out[i] = 2 * temps[i]


warm = cuda.to_device(np.arange(40, dtype=np.float32))
twice = cuda.to_device(np.zeros(40, np.float32))
double[2, 32](warm, twice)
print(twice.copy_to_host()[-3:])

# %% [markdown]
# The values are right! Nothing in the result tells that 24 threads reached for foreign memory. On a GPU the memory
# behind the array may belong to another one, and the damage shows itself somewhere else, much later.
#
# A finding answers three questions:
#
# | Question | Where it stands | What it tells you |
# |---|---|---|
# | What? | the kind: *out of bounds*, *race*, *barrier*, *never written* | which rule was broken |
# | Where? | the line of your cell; for a race two lines | which access it was |
# | Who? | the first thread and its block | which index it had |
#
# The third answer is the one most people skip. Put thread and block into the formula for `i`, and you have the index
# with which it happened. Then work in three steps:
#
# 1. **Compute** the index of the thread that is named.
# 2. **Say in one sentence** what it should have done instead.
# 3. **Mend** that, and look whether the same finding has gone. Another one may be behind it.

# %% [markdown]
# ## Case 1: smooth_line
#
# The kernel smooths a line of an image. `out[i]` is meant to be the mean of a value and its two neighbours. At the ends
# the missing neighbour is replaced by the value itself: for 20, 30, 40 the first mean is (20 + 20 + 30) / 3.
#
# ![Six cells in a row, numbered 0 to 5. Thread 5 has an arrow to the right that leads out of the row to a cell with a question mark. Thread 0 has an arrow to the left that bends around and leads to cell 5.](figures/ends.svg)
#
# **What do you expect?** Two threads have no neighbour on one side. Will there be one finding or two? Run the kernel
# as it is, and look at both ends of the result.


# %% nbgrader={"grade_id": "smooth_line", "solution": true}
@cuda.jit
def smooth_line(temps, out):
    i = cuda.grid(1)
    if i < temps.shape[0]:
        out[i] = (temps[i - 1] + temps[i] + temps[i + 1]) / np.float32(3)


# %%
line = cuda.to_device(np.arange(20, 90, 10, dtype=np.float32))
smooth = cuda.to_device(np.zeros(7, np.float32))
smooth_line[1, 32](line, smooth)
print(smooth.copy_to_host())

# %% nbgrader={"grade_id": "smooth_line-test", "grade": true, "locked": true, "points": 4}
import checks

checks.smooth_line(smooth_line)
### BEGIN HIDDEN TESTS
import exam

exam.smooth_line(smooth_line)
### END HIDDEN TESTS

# %%
checks.smooth_line_hint()

# %% [markdown]
# An index below zero counts from the end, as everywhere in Python. So one mistake gave a finding, and the other a wrong
# number only.
#
# ## Case 2: above_dark
#
# A frame with the shutter closed is subtracted from a frame. "Worked in all my tests", says the comment, "with 4096
# pixels in blocks of 64."
#
# **What do you expect?** Compute `i` for thread 0 of block 1 and for thread 63 of block 4, with a launch of 5 blocks of
# 64. How many of 300 pixels will be right?


# %% nbgrader={"grade_id": "above_dark", "solution": true}
@cuda.jit
def above_dark(raw, dark, out):
    i = cuda.threadIdx.x + cuda.blockIdx.x * cuda.gridDim.x
    if i < raw.shape[0]:
        out[i] = raw[i] - dark[i]


# %%
light = cuda.to_device(np.full(300, 1000, np.int32))
dark_frame = cuda.to_device(np.full(300, 100, np.int32))
signal = cuda.to_device(np.zeros(300, np.int32))
above_dark[5, 64](light, dark_frame, signal)
found = signal.copy_to_host()
print(f"{(found == 900).sum()} of 300 are right")

# %% nbgrader={"grade_id": "above_dark-test", "grade": true, "locked": true, "points": 4}
import checks

checks.above_dark(above_dark)
### BEGIN HIDDEN TESTS
import exam

exam.above_dark(above_dark)
### END HIDDEN TESTS

# %%
checks.above_dark_hint()

# %% [markdown]
# There was no error, for no thread broke a rule: all of them stayed inside. But there was a piece of advice: several
# threads write the same value to the same place. So two threads had one index, and that is a trace. With 4096 pixels it
# is missing: there are 64 blocks, and `gridDim` is `blockDim` by chance. A test needs sizes at which nothing is equal
# by chance.
#
# ## Who comes first?
#
# In the next two cases each thread on its own is right. Together they are not, for nothing says who comes first. Such a
# finding names **two** lines, or a barrier. Read it like this: "What if the one comes between the other's two steps?"

# %% [markdown]
# ## Case 3: hottest_in_zone
#
# The workpiece is divided into zones; -1 is the background. `best[z]` is meant to become the largest raw value of zone
# `z`. What `best` holds already counts, too.
#
# **What do you expect?** Two threads of one zone hold 800 and 900, `best` holds 500. Write down an order of their steps
# that leaves 800 behind.


# %% nbgrader={"grade_id": "hottest_in_zone", "solution": true}
@cuda.jit
def hottest_in_zone(zone, raw, best):
    i = cuda.grid(1)
    if i < zone.shape[0] and zone[i] >= 0 and raw[i] > best[zone[i]]:
        best[zone[i]] = raw[i]


# %%
zones = rng.integers(-1, 9, 2000).astype(np.int32)
values = rng.integers(500, 9000, 2000).astype(np.int32)
hottest = cuda.to_device(np.zeros(9, np.int32))
hottest_in_zone[8, 256](cuda.to_device(zones), cuda.to_device(values), hottest)
print(hottest.copy_to_host())
print(np.array([values[zones == z].max() for z in range(9)]), "NumPy")

# %% nbgrader={"grade_id": "hottest_in_zone-test", "grade": true, "locked": true, "points": 4}
import checks

checks.hottest_in_zone(hottest_in_zone)
### BEGIN HIDDEN TESTS
import exam

exam.hottest_in_zone(hottest_in_zone)
### END HIDDEN TESTS

# %%
checks.hottest_in_zone_hint()

# %% [markdown]
# ## Case 4: coldest_in_strip
#
# A pixel that is far too cold is dead. Each block looks for the lowest raw value of its strip, in shared memory and in
# halves: first 128 threads compare two values each, then 64, and so on. Blocks have 32, 64, 128 or 256 threads. Raw
# values are at least 1.
#
# **What do you expect?** The image has 600 pixels, all of them 500, one in the last strip 300. With blocks of 256 the
# last strip has only 88 pixels. At which line do its threads wait for each other, and which of them do not come?


# %% nbgrader={"grade_id": "coldest_in_strip", "solution": true}
@cuda.jit
def coldest_in_strip(raw, lows):
    own = cuda.shared.array(256, np.int32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    if i < raw.shape[0]:
        own[t] = raw[i]
        cuda.syncthreads()
    step = cuda.blockDim.x // 2
    while step > 0:
        if t < step:
            own[t] = min(own[t], own[t + step])
        cuda.syncthreads()
        step //= 2
    if t == 0:
        lows[cuda.blockIdx.x] = own[0]


# %%
picture = np.full(600, 500, np.int32)
picture[590] = 300
strips = cuda.to_device(np.zeros(3, np.int32))
coldest_in_strip[3, 256](cuda.to_device(picture), strips)
print(strips.copy_to_host())

# %% nbgrader={"grade_id": "coldest_in_strip-test", "grade": true, "locked": true, "points": 4}
import checks

checks.coldest_in_strip(coldest_in_strip)
### BEGIN HIDDEN TESTS
import exam

exam.coldest_in_strip(coldest_in_strip)
### END HIDDEN TESTS

# %%
checks.coldest_in_strip_hint()

# %% [markdown]
# A barrier counts those who come. If some of the block stay away, a GPU may wait for ever, or go on too early. And a
# place that nobody wrote holds anything: here it was a 0, and a dead pixel that is none.
#
# ## What a finding shows only in part
#
# The device judges accesses and their order. It knows neither what a number means nor which array you had in mind. In
# the last two cases it shows something, and the cause lies elsewhere. Begin with the wrong value, and work back from
# there.

# %% [markdown]
# ## Case 5: net_signal
#
# The raw values are `uint16`, whole numbers from 0 to 65,535. Wanted is the difference to the dark frame in kelvin,
# 0.04 K for each step, as `float32`. It may be negative. Calculating in `float64` is not allowed, it is slow on many
# GPUs.
#
# **What do you expect?** What does 1000 - 3000 give if the type has no sign? Write down a guess, then run the cell.


# %% nbgrader={"grade_id": "net_signal", "solution": true}
@cuda.jit
def net_signal(raw, dark, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        out[i] = (raw[i] - dark[i]) * 0.04


# %%
camera = np.array([3000, 2000, 1000], np.uint16)
covered = np.array([1000, 2000, 3000], np.uint16)
net = cuda.to_device(np.zeros(3, np.float32))
net_signal[1, 32](cuda.to_device(camera), cuda.to_device(covered), net)
print(net.copy_to_host())

# %% nbgrader={"grade_id": "net_signal-test", "grade": true, "locked": true, "points": 4}
import checks

checks.net_signal(net_signal)
### BEGIN HIDDEN TESTS
import exam

exam.net_signal(net_signal)
### END HIDDEN TESTS

# %%
checks.net_signal_hint()

# %% [markdown]
# ## Case 6: cool_down
#
# One step of cooling: each place of a rod moves towards its neighbours. `out` gets the new temperatures, and `temps`
# must stay as it was, for the control still needs it.
#
# ![Above: the names temps and later both point to one row of cells. Below: the name temps points to a row of cells, and the name out to another one; arrows lead from three neighbouring cells of the upper row to one of the lower row.](figures/names.svg)
#
# **What do you expect?** How many arrays does this kernel use, and how many names are there? Which thread may read a
# value that is too new?


# %% nbgrader={"grade_id": "cool_down", "solution": true}
@cuda.jit
def cool_down(temps, out):
    i = cuda.grid(1)
    n = temps.shape[0]
    later = temps
    if i < n:
        left, right = temps[max(i - 1, 0)], temps[min(i + 1, n - 1)]
        later[i] = temps[i] + np.float32(0.25) * (left - np.float32(2) * temps[i] + right)
        out[i] = later[i]


# %%
rod = np.full(512, 20, np.float32)
rod[::8] = 100
start, end = cuda.to_device(rod), cuda.to_device(np.zeros(512, np.float32))
cool_down[4, 128](start, end)
print(end.copy_to_host()[30:36])
print(f"temps as before: {np.array_equal(start.copy_to_host(), rod)}")

# %% nbgrader={"grade_id": "cool_down-test", "grade": true, "locked": true, "points": 4}
import checks

checks.cool_down(cool_down)
### BEGIN HIDDEN TESTS
import exam

exam.cool_down(cool_down)
### END HIDDEN TESTS

# %%
checks.cool_down_hint()

# %% [markdown]
# ## In your own words
#
# A colleague says: "My kernel gives the right result with 1024 elements, on the emulator and on my GPU. Your finding is
# a false alarm." Answer with two of the cases above: what hides the mistake there, and when does it show itself? Three
# or four sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-finding", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * A finding says what, where and who. Compute the index of the thread that it names.
# * A right result proves nothing: foreign memory, chance and luck with the order hide mistakes.
# * No finding proves nothing either: compare with a reference, at sizes at which nothing is equal by chance.
# * Two lines in a finding: ask what happens between the one thread's two steps.
# * `b = a` is a second name. Unsigned numbers have no minus. A literal such as `0.04` is a `float64`.
#
# ## Further reading
#
# * [Numba CUDA: writing kernels](https://nvidia.github.io/numba-cuda/user/kernels.html)
# * [Numba CUDA: supported atomic operations](https://nvidia.github.io/numba-cuda/user/intrinsics.html)
# * [NVIDIA Compute Sanitizer, which looks for such mistakes on a GPU](https://docs.nvidia.com/compute-sanitizer/ComputeSanitizer/index.html)
