# %% [markdown]
# # Copying while computing
#
# At night the films of a whole shift are evaluated. One of them has 90 GB, and the GPU has less. Besides, your
# measurement from the last days says: the device spends most of its time waiting for data. Both can be mended.
#
# In this unit you work on a film in pieces, and you let the copies of one piece run while another one is computed. For
# that you need streams, pinned memory and events. And you learn what goes wrong when nobody looks after the order.
#
# You need about 60 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import checks
import cupy as cp
import cupyx
import numpy as np

# %% [markdown]
# ## What lies on the device
#
# Every array on the device occupies memory until nobody refers to it any more. Intermediate results count, too. What
# has become free, CuPy keeps in a **pool** and hands out again, since fetching memory from the driver takes long. So
# what counts is the **peak**: how much is in use at the same time.
#
# `checks.look(function, ...)` calls a function and gives two numbers. The second is the peak in bytes; you need the
# first one later.
#
# **What do you expect?** The film below has 40 × 32 × 32 values of 4 bytes, that is 163,840 bytes. How many bytes are
# in use at most while `cool` runs?

# %%
film = np.random.default_rng(3).uniform(20, 90, size=(40, 32, 32)).astype(np.float32)


def cool(film):
    there = cp.asarray(film)
    lower = there - 1
    return cp.asnumpy(cp.sqrt(lower))


print(f"{film.nbytes} bytes of film, {checks.look(cool, film)[1]} bytes at most")

# %% [markdown]
# Three times the film: `there`, `lower` and the result of `sqrt`. For 90 GB that would be 270. So the film goes through
# in pieces of a few frames each. Only a piece and its intermediate results lie on the device.
#
# **What do you expect?** 10 frames are cut into pieces of 4. Which frames does the last slice hold, and does it need a
# special case?

# %%
for begin in range(0, 10, 4):
    print(begin, list(range(10))[begin : begin + 4])

# %% [markdown]
# A slice that reaches beyond the end is just shorter. Whoever allocates room for a piece has to watch out, though:
# behind a shorter last piece there is still what was there before.

# %% [markdown]
# ## Exercise 1: in_pieces
#
# Write `in_pieces(film, dark, piece)`. It subtracts the dark frame, piece by piece:
#
# * `film` has the shape `(n, height, width)`, `dark` has `(height, width)`. Both are NumPy arrays in `float32`.
# * The result is a new NumPy array with shape and dtype of `film`: `film - dark`, but never below 0. It is computed on
#   the device.
# * Each piece has `piece` frames, the last one may have fewer. `n` may also be less than `piece`.
# * Film and dark frame go to the device once, the result comes back once. At no time do more than 6 pieces lie on the
#   device.
# * Each piece takes at most 5 operations. The inputs stay as they are.


# %% nbgrader={"grade_id": "in_pieces", "solution": true}
def in_pieces(film, dark, piece):
    # Your code here: what is needed once, and what for each piece?
    raise NotImplementedError


# %% [markdown]
# Check your function as often as you like. The points come from the same check with other films.

# %% nbgrader={"grade_id": "in_pieces-test", "grade": true, "locked": true, "points": 7}
import checks

checks.in_pieces(in_pieces)
### BEGIN HIDDEN TESTS
import exam

exam.in_pieces(in_pieces)
### END HIDDEN TESTS

# %%
# Stuck? Each run of this cell shows one more hint.
checks.in_pieces_hint()

# %% [markdown]
# ## Three workers, two of them idle
#
# A GPU has several parts that can work at the same time. One copies to the device, one computes, one copies back. If
# each piece takes its three steps before the next one begins, always two of them are idle.
#
# ![Two diagrams with three rows each: to the device, kernel, back. Above, four pieces follow one after the other, and
# at any time only one row is busy. Below, the pieces alternate between two streams; while one is copied back, the next
# one is copied there or computed, and the whole ends after little more than half the time.](figures/engines.svg)
#
# A **stream** is a list of orders that are carried out one after the other. Two streams know nothing of each other:
# their orders may run at the same time. `with stream:` puts everything inside on this stream. Without it, everything
# goes to the default stream, which you have used all the time.
#
# But a copy only runs beside something else if the memory on the host stays in its place. The operating system may move
# ordinary memory at any time, so the host has to take part in the copy and waits. **Pinned** memory stays where it is.
# `cupyx.empty_pinned(shape, dtype)` makes a NumPy array in it.
#
# | Call | What it does |
# | --- | --- |
# | `part.set(host)` | copies a NumPy array into the CuPy array `part`, of the same shape and dtype |
# | `part.get(out=host, blocking=False)` | copies `part` into `host`, and the host does not wait |
# | `stream.synchronize()` | the host waits until everything on this stream is done |
#
# **What do you expect?** The cell sends four pieces there and back, once on one stream, once on two, in both kinds of
# memory. `checks.look` gives the time as a share of what it takes one after the other: 1 means that nothing overlapped.
# For which of the four cases does it fall?


# %%
def there_and_back(film, streams, make):
    host, out = make(film.shape, film.dtype), make(film.shape, film.dtype)
    host[...] = film
    for number in range(4):
        stream = streams[number % len(streams)]
        with stream:
            part = cp.empty((10, 32, 32), cp.float32)
            part.set(host[10 * number : 10 * number + 10])
            cp.sqrt(part).get(out=out[10 * number : 10 * number + 10], blocking=False)
    for stream in streams:
        stream.synchronize()
    return out


one = [cp.cuda.Stream(non_blocking=True)]
two = [*one, cp.cuda.Stream(non_blocking=True)]
for memory, make in (("pageable", np.empty), ("pinned  ", cupyx.empty_pinned)):
    for name, streams in (("one stream ", one), ("two streams", two)):
        share, _ = checks.look(there_and_back, film, streams, make)
        print(memory, name, share)

# %% [markdown]
# Only both together help: **two streams and pinned memory**. Then the time falls to a bit more than half, since one
# piece is copied there while the other one is copied back.
#
# The shares come from a **modelled timeline**, where there is no GPU: one worker for kernels, one for copies in each
# direction, made-up speeds. On a GPU the ratio of copies to kernels decides how much there is to gain. And at the end
# the host has to wait. Whoever looks into `out` too early finds what was there before.

# %% [markdown]
# ## Exercise 2: overlapped
#
# Write `overlapped(film, dark, piece)`. It computes the same as `in_pieces`, with copies that overlap:
#
# * Inputs and result are NumPy arrays as before. Copy the film into pinned memory first: in the factory the camera
#   would write there directly. The result may lie in pinned memory.
# * On the modelled timeline it takes at most 0.8 of the time one after the other.
# * At no time do more than 10 pieces lie on the device, and each takes at most 5 operations.
# * When the function returns, everything is done. No stream meets memory that another one is still at.


# %% nbgrader={"grade_id": "overlapped", "solution": true}
def overlapped(film, dark, piece):
    # Your code here: in_pieces with two streams and pinned memory.
    raise NotImplementedError


# %% nbgrader={"grade_id": "overlapped-test", "grade": true, "locked": true, "points": 8}
import checks

checks.overlapped(overlapped)
### BEGIN HIDDEN TESTS
import exam

exam.overlapped(overlapped)
### END HIDDEN TESTS

# %%
checks.overlapped_hint()

# %% [markdown]
# ## When one stream needs what another makes
#
# So far each piece stayed on its stream. Often the work is divided differently: one stream only copies, another one
# only computes. Then the computing must wait for the copy. But it is not the host that shall wait, since it is to go on
# giving orders.
#
# For that there are **events**. `event.record(a)` puts a mark on stream `a`. `b.wait_event(event)` tells stream `b`: go
# on only when `a` has come past the mark. The host continues at once.
#
# **What do you expect?** Below, the copy and the sum are on different streams. The first time nothing orders them. Is
# the sum right? And is the program?

# %%
host = cupyx.empty_pinned(film.shape, film.dtype)
host[...] = film
copying, computing = two
for ordered in (False, True):
    there = cp.empty(film.shape, film.dtype)
    with copying:
        there.set(host)
        loaded = cp.cuda.Event()
        loaded.record(copying)
    with computing:
        if ordered:
            computing.wait_event(loaded)
        total = there.sum()
    cp.cuda.Device().synchronize()
    print("with event" if ordered else "without event", float(total))

# %% [markdown]
# Both sums are right here, since the emulated GPU carries out every order at once. But it notices that the first
# attempt was luck, and reports a **race of streams**. On a GPU the sum would read while the copy is still writing.
# Sometimes that turns out well, sometimes not, and with small films in a test it nearly always does. That is why you
# cannot test such mistakes away.
#
# The way back needs an event as well. If the copying stream is to use the same buffer again, it has to wait until the
# computing stream has read it.

# %% [markdown]
# ## Exercise 3: find the bugs in noise
#
# How much does each pixel flicker? This function computes the **standard deviation** of each pixel over time. One
# stream loads the pieces into two buffers that take turns, the other one adds up. The standard deviation follows from
# the sum and the sum of the squares: it is the root of `squares / n - (total / n) ** 2`.
#
# There is no event in it, the end does not wait for the streams, and a shorter last piece is treated wrongly. Mend it:
#
# * `film`, `dark` and `piece` are as before. The result is a NumPy array of shape `(height, width)` in `float32`.
# * Copies and sums overlap: at most 0.8 of the time one after the other.
# * No stream meets memory that another one is still at. At no time do more than 10 pieces lie on the device, and each
#   takes at most 12 operations.


# %% nbgrader={"grade_id": "noise", "solution": true}
def noise(film, dark, piece):
    # Mend this; you may change every line.
    host = cupyx.empty_pinned(film.shape, film.dtype)
    host[...] = film
    copying, computing = cp.cuda.Stream(non_blocking=True), cp.cuda.Stream(non_blocking=True)
    buffers = [cp.zeros((piece, *dark.shape), film.dtype) for _ in range(2)]
    dark_there = cp.asarray(dark)
    total, squares = cp.zeros(dark.shape, film.dtype), cp.zeros(dark.shape, film.dtype)
    cp.cuda.Device().synchronize()
    for number, begin in enumerate(range(0, len(film), piece)):
        frames, k = host[begin : begin + piece], number % 2
        with copying:
            buffers[k][: len(frames)].set(frames)
        with computing:
            clean = buffers[k] - dark_there
            total += clean.sum(axis=0)
            squares += (clean * clean).sum(axis=0)
    mean = total / len(film)
    return cp.asnumpy(cp.sqrt(squares / len(film) - mean * mean))


# %% nbgrader={"grade_id": "noise-test", "grade": true, "locked": true, "points": 7}
import checks

checks.noise(noise)
### BEGIN HIDDEN TESTS
import exam

exam.noise(noise)
### END HIDDEN TESTS

# %%
checks.noise_hint()

# %% [markdown]
# ## In your own words
#
# A piece takes 6 ms to the device, 1 ms in the kernel, and 5 ms back. There are 100 pieces. How long does it take one
# after the other, and how long at best with streams? Say which part sets the limit, why a faster kernel hardly helps,
# and what would. Three or four sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "best_case", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * What does not fit goes through in pieces. The peak counts, intermediate results included.
# * Copies in both directions and kernels can run at the same time, with several streams **and** pinned memory.
# * Orders on one stream keep their order, orders on different streams have none. An event makes one.
# * A buffer that is used again needs two events: one for *full*, one for *empty*.
# * Before the host reads a result, it waits. A right result proves no right order.
#
# ## Further reading
#
# * [CuPy's guide to streams and events](https://docs.cupy.dev/en/stable/user_guide/basic.html)
# * [CuPy's guide to memory: pool and pinned memory](https://docs.cupy.dev/en/stable/user_guide/memory.html)
# * [CUDA C++ Best Practices Guide: overlapping copies and
#   computation](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#asynchronous-and-overlapping-transfers-with-computation)
