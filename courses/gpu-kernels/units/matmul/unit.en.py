# %% [markdown]
# # Matrix products in tiles
#
# The workpiece is heated in a beat, and the camera films how it follows. Where a crack lies below the surface, the heat
# comes back later. To see that, each pixel's film is compared with a few waves. All these comparisons together are
# **one matrix product**, the most important kernel of all.
#
# Afterwards you can
#
# * write a matrix product in tiles, for matrices of any shape;
# * give reasons why each step needs two barriers;
# * join what happens before and after a product to it, and keep to `float32`;
# * work out how often a kernel fetches each number.
#
# You need about 60 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import numpy as np
from numba import cuda

from grader.checks import inspect

rng = np.random.default_rng(15)
beat = 2 * np.pi * np.arange(48) / 16
waves = np.array([np.sin(beat), np.cos(beat), np.sin(2 * beat), np.cos(2 * beat)]).astype(np.float32)
late = np.where(np.arange(64) // 8 == 3, 1.2, 0.0)
film = (np.sin(beat[:, None] - late) + rng.normal(0, 0.3, (48, 64))).astype(np.float32)
print(f"waves {waves.shape}, film {film.shape}: 48 images, 64 pixels, and the heat of pixels 24 to 31 comes late")

# %% [markdown]
# ## A row times a column
#
# `film` has one row for each image and one column for each pixel. A row of `waves` is a wave with as many values as
# there are images. How much of the wave is in a pixel? Multiply image by image, and add up: a row times a column.
#
# ![A matrix a of 3 by 4 boxes, to the right of it a matrix c of 3 by 5 boxes, and above c a matrix b of 4 by 5 boxes. The second row of a is framed, and the fourth column of b. Where they meet in c, one box is framed by a dashed line and holds a dot.](figures/product.svg)
#
# For every row of `a` and every column of `b` this gives one number of `c = a · b`. In NumPy it is `a @ b`. The inner
# length, here 48, must be the same: `a` has as many columns as `b` has rows.

# %%
answer = waves @ film
phase = np.arctan2(-answer[1], answer[0])
print("phase of the first wave, pixels 20 to 35:", phase[20:36].round(1))

# %% [markdown]
# The eight pixels with the late heat stand out, for all the noise. This is called **lock-in thermography**.
#
# ## A simple kernel, and what it fetches
#
# One thread for each number of the result: its column is `x`, its row is `y`.
#
# **What do you expect?** We multiply two matrices of 64 × 64. How many times does the kernel fetch each number of `a`?


# %%
@cuda.jit
def matmul_plain(a, b, c):
    column, row = cuda.grid(2)
    if row < c.shape[0] and column < c.shape[1]:
        total = np.float32(0)
        for k in range(a.shape[1]):
            total += a[row, k] * b[k, column]
        c[row, column] = total


square = rng.uniform(-1, 1, (64, 64)).astype(np.float32)
a, b, c = (cuda.to_device(square) for _ in range(3))
inspect(matmul_plain)[(2, 2), (32, 32)](a, b, c)

# %% [markdown]
# Each number of `a` is needed by a whole row of `c`, by 64 threads. Of them 32 are in the same warp, where one fetch
# serves all. So each number of `a` is fetched twice. Each number of `b` is needed by a whole column, by 64 threads in
# 64 warps, and is fetched 64 times. Together the kernel moves 41,472 sectors, and the three matrices have 1536.
#
# ## Product by product, tile by tile
#
# The 32 × 32 threads of a block need 32 rows of `a` and 32 columns of `b`, of full length. That does not fit into
# shared memory if the inner length is large. But a sum can be taken in parts. In each step the block fetches a tile of
# `a` and a tile of `b`, adds up what they give, and moves on by a tile.
#
# ![A matrix a with two rows of three tiles, to the right of it a matrix c with two rows of two tiles, and above c a matrix b with three rows of two tiles. The tiles of the lower row of a are numbered 0, 1, 2, and so are the tiles of the right column of b from top to bottom. The tile of c where they meet is framed and named plus. A part of each last tile, 2, is hatched, for it lies outside of the matrix.](figures/steps.svg)
#
# In step 0 the tiles with the number 0 are multiplied, in step 1 those with the number 1, and so on. Meanwhile a thread
# keeps its sum in a variable of its own.
#
# **What do you expect?** How many sectors will the same product of 64 × 64 move? Work it out: how often is each tile of
# `a` fetched, and how often each tile of `b`? A tile has 128 sectors.

# %%
steps, blocks, tile = 64 // 32, 4, 32 * 32 * 4 // 32
fetched = blocks * steps * 2 * tile
print(f"{blocks} blocks, {steps} steps, 2 tiles of {tile} sectors: {fetched} and {4 * tile} for the result")

# %% [markdown]
# Each number is fetched twice, once for each block that needs it, instead of up to 64 times. The two matrices take 2048
# sectors instead of 40,960, a twentieth. The rest is done in shared memory.
#
# ## Two barriers in each step
#
# A step has two parts: **fetch** and **multiply**. What you multiply was fetched by others, so there is a barrier after
# fetching. And after multiplying?
#
# ![Two warps, time runs to the right. Both have the bars fetch 0, multiply 0, fetch 1, multiply 1, named by an arrow or a multiplication sign. After each fetch there is a thick line through both. Warp 0 is done with multiplying first and begins to fetch 1 while warp 1 still multiplies 0; this overlap is framed by a dashed line with an exclamation mark.](figures/barriers.svg)
#
# A quick warp would overwrite the tile while a slow one still multiplies with it. So a **second** barrier stands at the
# end of the step. Without it, wrong numbers may come out rarely or never in small tests. That makes it one of the most
# expensive mistakes, and the emulated GPU finds it each time.
#
# ## The last tile
#
# The inner length is hardly ever a multiple of 32. Then a part of the last tile lies outside of the matrices. What has
# to be in its places? They are multiplied and added like all others, so **0** must be in there.
#
# **What do you expect?** An inner length of 40 needs two steps. What comes out if the places outside keep what was left
# by step 0? All numbers here are 1, so 40 would be right.

# %%
inner = 40
for zeroed in (False, True):
    tile_a, tile_b, total = np.zeros(32), np.zeros(32), 0
    for first in range(0, inner, 32):
        for t in range(32):
            if first + t < inner:
                tile_a[t] = tile_b[t] = 1
            elif zeroed:
                tile_a[t] = tile_b[t] = 0
        total += tile_a @ tile_b
    print(f"places outside are zeroed: {zeroed}, sum {total:.0f}")

# %% [markdown]
# So the kernel zeroes in *each* step, not once before the loop. And threads whose row or column lies outside of the
# result? They must stay in the loop: they fetch for others, and they come to the barriers. Only writing is forbidden to
# them.

# %% [markdown]
# ## Exercise 1: matmul
#
# Write a kernel that computes `c = a · b` in tiles:
#
# * `a`, `b` and `c` are `float32`, with shapes `(m, k)`, `(k, n)` and `(m, n)`. All three numbers may be anything from
#   1 on, less than a tile, too.
# * The launch has blocks of 32 × 32 threads, just enough to cover `c`, with x along its columns.
# * The sum is computed in `float32`. Begin it with `np.float32(0)`: a `0.0` would be a `float64`, and slow.
# * Each block fetches each of its tiles once.


# %% nbgrader={"grade_id": "matmul", "solution": true}
@cuda.jit
def matmul(a, b, c):
    # Your code: fetch, wait, multiply, wait, and write at the end.
    pass


# %% [markdown]
# Check your kernel as often as you like. The points come from the same check with other sizes. The order of a sum
# changes its last digits. So the check allows a deviation that grows with the square root of the inner length.

# %% nbgrader={"grade_id": "matmul-test", "grade": true, "locked": true, "points": 7}
import checks

checks.matmul(matmul)
### BEGIN HIDDEN TESTS
import exam

exam.matmul(matmul)
### END HIDDEN TESTS

# %%
checks.matmul_hint()

# %% [markdown]
# Does the number of sectors agree with what you worked out? As long as your kernel is empty, there are none.

# %%
inspect(matmul)[(2, 2), (32, 32)](a, b, c)

# %% [markdown]
# ## Before and after the product
#
# A product rarely comes alone. Our camera delivers whole numbers. And what comes out of the product is scaled and moved
# for each wave, and what is negative counts as noise. As kernels of their own, these steps would fetch and write
# everything once more. Within the product's kernel they cost next to nothing: when fetching and when writing the number
# is at hand anyway. This is called **fusing**.
#
# Beware of whole numbers, though. **What do you expect?** Of which type are these products?

# %%
for whole in (np.uint16, np.int32):
    print(f"{whole.__name__} times float32 is {np.result_type(whole, np.float32)}")

# %% [markdown]
# Numba follows the same rule. An `int32` has more digits than a `float32` can hold, so both become `float64`. Whoever
# knows that the raw values are small converts them by `np.float32(...)`, best when fetching: once for each number
# rather than at each multiplication.
#
# There is one thing more. This camera stores **pixel by pixel**: `film` has the shape `(pixels, frames)`. A row of
# `waves` now meets a *row* of the film. When you fetch, neighbouring threads should still take neighbours in memory. So
# a row of the film gets into a row of the tile, and when multiplying the threads of a warp read a **column** of it.

# %% [markdown]
# ## Exercise 2: responses
#
# Write a kernel that computes a response for each wave and pixel, in tiles:
#
# | Parameter | Type | Meaning |
# |---|---|---|
# | `patterns` | `float32`, shape `(waves, frames)` | one wave in each row |
# | `film` | `int32`, shape `(pixels, frames)` | raw values, all images of a pixel in a row |
# | `gain`, `offset` | `float32`, shape `(waves,)` | scale and shift of each wave |
# | `out` | `float32`, shape `(waves, pixels)`, output | responses |
#
# * `out[w, p]` is `gain[w] * s + offset[w]`, but at least 0. Here `s` is row `w` of `patterns` times row `p` of `film`.
# * The launch has blocks of 32 × 32 threads, just enough to cover `out`, with x along the pixels.
# * Everything is computed in `float32`; the raw values are small enough for it.
# * Fetching touches neighbours in memory, and there are no bank conflicts.


# %% nbgrader={"grade_id": "responses", "solution": true}
@cuda.jit
def responses(patterns, film, gain, offset, out):
    # Your code: which pixel does a thread fetch, and which one does it compute?
    pass


# %% nbgrader={"grade_id": "responses-test", "grade": true, "locked": true, "points": 7}
import checks

checks.responses(responses)
### BEGIN HIDDEN TESTS
import exam

exam.responses(responses)
### END HIDDEN TESTS

# %%
checks.responses_hint()

# %% [markdown]
# ## Exercise 3: find the mistakes
#
# Each zone of the workpiece has waves of its own, for thick parts follow more slowly than thin ones. So there is a
# product for each zone: `c[z] = a[z] · b[z]`. One launch computes all of them. Its grid has a third axis, `z`.
#
# There are two mistakes. One makes the sums wrong, since the inner length is no multiple of 32. The other one hides in
# the loop and shows now and then. Mend both, and keep the tiles.


# %% nbgrader={"grade_id": "products", "solution": true}
@cuda.jit
def products(a, b, c):
    tile_a = cuda.shared.array((32, 32), np.float32)
    tile_b = cuda.shared.array((32, 32), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    column, row, zone = cuda.grid(3)
    rows, inner = a.shape[1], a.shape[2]
    columns = b.shape[2]
    total = np.float32(0)
    for first in range(0, inner, 32):
        if row < rows and first + tx < inner:
            tile_a[ty, tx] = a[zone, row, first + tx]
        if first + ty < inner and column < columns:
            tile_b[ty, tx] = b[zone, first + ty, column]
        cuda.syncthreads()
        for k in range(32):
            total += tile_a[ty, k] * tile_b[k, tx]
    if row < rows and column < columns:
        c[zone, row, column] = total


# %% nbgrader={"grade_id": "products-test", "grade": true, "locked": true, "points": 6}
import checks

checks.products(products)
### BEGIN HIDDEN TESTS
import exam

exam.products(products)
### END HIDDEN TESTS

# %%
checks.products_hint()

# %% [markdown]
# ## In your own words
#
# A colleague leaves out the second barrier and says: "I have run it a hundred times on the GPU, and the result was
# right each time." What do you reply? Describe with two warps what may happen. And why does the mistake not show where
# the inner length is at most 32? Three or four sentences. A person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "why-two", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * A sum can be taken in parts: fetch a tile of each matrix, multiply, move on.
# * Two barriers in each step: before multiplying, for others have fetched, and after it, for others still multiply.
# * Whatever lies outside is 0, in each step anew. Threads outside fetch along and do not write.
# * A tile of 32 × 32 lets one fetch from global memory serve 32 threads.
# * Convert when fetching, finish when writing, and sum in `float32`.
#
# For products of large matrices that need nothing else, take a library: CuPy's `a @ b` calls NVIDIA's. Your own kernel
# pays where more is to be done, or where the shapes are unusual.
#
# ## Further reading
#
# * [Numba CUDA: examples, among them a matrix product](https://nvidia.github.io/numba-cuda/user/examples.html)
# * [NVIDIA's CUDA Best Practices Guide: shared memory in matrix
#   products](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#shared-memory)
