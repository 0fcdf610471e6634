# %% [markdown]
# # Kernels written by hand in CUDA C
#
# The camera at the test rig delivers no finished images. It fills buffers that are larger than the image, appends
# status lines, and stores two exposures in turn. There is no ready function for such things, and a chain of operations
# goes to memory too often.
#
# A `RawKernel` is CUDA C as you write it: CuPy compiles the text, starts it, and checks **nothing**. In this unit you
# learn what you then watch yourself: bounds, types, rows and columns, and the layout in memory.
#
# You need about 60 minutes. Run the cells from top to bottom with **Shift+Enter**.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## A kernel and its launch
#
# The text holds a function for **one** thread. `extern "C"` leaves its name as it is, and `__global__` makes it a
# kernel. Each thread first asks who it is: its block `blockIdx.x`, the size of the blocks `blockDim.x`, its place in
# the block `threadIdx.x`.
#
# It is launched with three tuples: number of blocks, threads for each block, arguments. There is no result; the kernel
# writes into an array that you give it.

# %%
mark_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void mark(float* out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  out[i] = 10 * blockIdx.x + threadIdx.x;
}
""",
    "mark",
)
places = cp.zeros(8, cp.float32)
mark_kernel((2,), (4,), (places,))
print(places)

# %% [markdown]
# ## The bound
#
# All blocks have the same size, and data seldom has the size that fits. For five elements in blocks of four you start
# two blocks, that is eight threads. Three are too many.
#
# **What do you expect?** Below, only the first five elements belong to the kernel; the other three are spare room. What
# does the spare room hold afterwards, and which error do you get?

# %%
careless_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void careless(float* out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  out[i] = 1;
}
""",
    "careless",
)
pixels = cp.zeros(8, cp.float32)
careless_kernel((2,), (4,), (pixels,))
print(pixels)

# %% [markdown]
# None. The spare room is overwritten, and nobody says a word. Behind the end of an array there is often data of others,
# and it would be hit, too. The cure is a condition: the kernel gets the number of elements, and who lies beyond does
# nothing.

# %%
careful_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void careful(float* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = 1;
}
""",
    "careful",
)
pixels = cp.zeros(8, cp.float32)
careful_kernel((-(-5 // 4),), (4,), (pixels, np.int32(5)))
print(pixels)

# %% [markdown]
# `-(-5 // 4)` rounds up: 2. CUDA refuses a grid without any block. So for zero elements you do not launch at all.
#
# ## Which type arrives?
#
# Why `np.int32(5)` and not `5`? CuPy hands over bytes, and the kernel reads bytes. How many there are and what they
# mean is something on which both sides must agree:
#
# | you pass | the kernel must write |
# | --- | --- |
# | `5` | `long long` (8 bytes) |
# | `0.5` | `double` (8 bytes) |
# | `np.int32(5)` | `int` (4 bytes) |
# | `np.float32(0.5)` | `float` (4 bytes) |
# | an array in `float32` | `float*` |
#
# If the kernel expects `float` and gets a Python number, it reads the first four of the eight bytes.
#
# **What do you expect?** The cell does the same in NumPy, with 2.0 and with 5. Which numbers does the kernel read?

# %%
print(np.frombuffer(np.float64(2.0).tobytes()[:4], np.float32))
print(np.frombuffer(np.int64(5).tobytes()[:4], np.int32))

# %% [markdown]
# 2.0 became 0. The 5 arrived only because small whole numbers stand in the first bytes. A real GPU simply goes on with
# the zero. The stand-in for CuPy that you may be using here at least compares the sizes:

# %%
try:
    careful_kernel((2,), (4,), (pixels, 5))
except RuntimeError as error:
    print(error)

# %% [markdown]
# The same care holds in the kernel: `0.5` is a `double`, `0.5f` a `float`.

# %% [markdown]
# ## Exercise 1: correct
#
# A sensor gets warm and drifts. The drift of each pixel was measured; a multiple of it is added. Write
# `correct(signal, drift, factor, count)`:
#
# * `signal` and `drift` have one axis, the same length and the dtype `float32`. `factor` and `count` are Python
#   numbers.
# * The first `count` elements of the result are `signal + factor * drift`, all others are those of `signal`.
# * `count` may be 0.
# * The result is a new CuPy array in `float32`.
# * At most 2 operations are started, nothing is copied between host and device, and the inputs stay as they are.
#
# Two are a kernel and a copy on the device, such as `signal.copy()`.


# %% nbgrader={"grade_id": "correct", "solution": true}
def correct(signal, drift, factor, count):
    # Your code here, and your kernel above the function.
    raise NotImplementedError


# %% [markdown]
# Check your function as often as you like. The points come from the same check with other buffers.

# %% nbgrader={"grade_id": "correct-test", "grade": true, "locked": true, "points": 7}
import checks

checks.correct(correct)
### BEGIN HIDDEN TESTS
import exam

exam.correct(correct)
### END HIDDEN TESTS

# %%
# Stuck? Each run of this cell shows one more hint.
checks.correct_hint()

# %% [markdown]
# ## Rows and columns
#
# The kernel sees no image, only a long line of numbers. It lies in memory row by row. Row `y`, column `x` stands at
# `y * width + x`, since `y` whole rows lie before it.
#
# ![A grid of three rows and four columns, with the numbers 0 to 11 in its fields. The field in row 1, column 2 is
# marked: 1 · 4 + 2 = 6. Below, the same twelve fields lie in one line.](figures/rows.svg)
#
# Grids and blocks may have two axes. CUDA counts `x` first, NumPy's `shape` counts rows first: `(height, width)`. Let
# `x` count the columns. Then neighbouring threads go to neighbouring addresses, and that is fast.
#
# **What do you expect?** The image below has two rows and three columns. Write down what it holds.

# %%
index_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void index(float* out, int height, int width) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < width && y < height) out[y * width + x] = 10 * y + x;
}
""",
    "index",
)
height, width = 2, 3
image = cp.zeros((height, width), cp.float32)
grid = (-(-width // 32), -(-height // 8))  # x counts columns
index_kernel(grid, (32, 8), (image, np.int32(height), np.int32(width)))
print(image)

# %% [markdown]
# It takes **both** conditions. Without `x < width` the thread with `x = 3` of the first row would write to place 3, and
# there the second row begins.

# %% [markdown]
# ## Exercise 2: smooth
#
# Noise is smoothed by a **five-point filter**: the pixel four times, each of its four neighbours once, divided by
# eight.
#
# ![A cross of five fields: the weight 4 in the middle, and 1 above, below, left and right of it. Beside it the corner
# of an image: two neighbours are missing, and their arrows point to the pixel itself.](figures/star.svg)
#
# Write `smooth(buffer, height)`:
#
# * `buffer` has the shape `(rows, width)` and the dtype `float32`. The first `height` rows are the image, one at least.
#   Status lines lie behind it.
# * Where a neighbour is missing at the edge of the image, the pixel itself takes its place. Status lines are no
#   neighbours.
# * The result is a new CuPy array with shape and dtype of `buffer`. The status lines come back unchanged.
# * At most 2 operations are started, nothing is copied between host and device, and the input stays as it is.
#
# Read and write **different** arrays. Else a thread reads a neighbour that another has smoothed already.


# %% nbgrader={"grade_id": "smooth", "solution": true}
def smooth(buffer, height):
    # Your code here, and your kernel above the function.
    raise NotImplementedError


# %% nbgrader={"grade_id": "smooth-test", "grade": true, "locked": true, "points": 7}
import checks

checks.smooth(smooth)
### BEGIN HIDDEN TESTS
import exam

exam.smooth(smooth)
### END HIDDEN TESTS

# %%
checks.smooth_hint()

# %% [markdown]
# ## What a slice really is
#
# `y * width + x` assumes that the elements lie one after the other without gaps: the array is **contiguous**. A slice
# such as `a[:, ::2]` is not. It copies nothing; it only remembers how many bytes it is to the next element. These steps
# are called `strides`. A `RawKernel` gets to see nothing of them, just the address of the first element.
#
# **What do you expect?** The slice holds 0, 2, 4, 6. The kernel copies four elements. Which ones?

# %%
copy_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void copy(const float* in, float* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = in[i];
}
""",
    "copy",
)
every_second = cp.arange(8, dtype=cp.float32)[::2]
print(f"strides {every_second.strides}, without gaps: {every_second.flags.c_contiguous}")
seen = cp.zeros(4, cp.float32)
copy_kernel((1,), (32,), (every_second, seen, np.int32(4)))
print("the kernel sees", seen)
copy_kernel((1,), (32,), (cp.ascontiguousarray(every_second), seen, np.int32(4)))
print("of a copy it sees", seen)

# %% [markdown]
# The first four that come in memory: 0, 1, 2, 3. `cp.ascontiguousarray` copies, but only where it must.

# %% [markdown]
# ## Exercise 3: find the bugs in remove_bands
#
# The camera exposes each pixel twice, short and long, and stores both values side by side. Besides, each row has an
# offset of its own, which shows as bands. This function should take out one exposure and remove the bands. It makes
# three mistakes. Mend it:
#
# * `pairs` has the shape `(height, width, 2)`, `offsets` the shape `(height,)`, both in `float32`. `channel` is 0 or 1,
#   `scale` a Python number.
# * The result is a new CuPy array of shape `(height, width)` in `float32`: `scale * (value - offset)`, but never below
#   0. Here `value` is the pixel of the exposure `channel`, and `offset` that of its row.
# * At most 2 operations are started, nothing is copied between host and device, and the inputs stay as they are.


# %% nbgrader={"grade_id": "remove_bands", "solution": true}
# Mend this; you may change every line.
bands_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void bands(const float* in, const float* offsets, float scale, float* out,
                                 int height, int width) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  int col = blockIdx.y * blockDim.y + threadIdx.y;
  if (row < height && col < width) {
    out[row * width + col] = fmaxf(scale * (in[row * width + col] - offsets[row]), 0.0f);
  }
}
""",
    "bands",
)


def remove_bands(pairs, offsets, channel, scale):
    exposure = pairs[:, :, channel]
    height, width = exposure.shape
    out = cp.empty((height, width), cp.float32)
    grid = (-(-width // 32), -(-height // 8))
    numbers = np.int32(height), np.int32(width)
    bands_kernel(grid, (32, 8), (exposure, offsets, scale, out, *numbers))
    return out


# %% nbgrader={"grade_id": "remove_bands-test", "grade": true, "locked": true, "points": 7}
import checks

checks.remove_bands(remove_bands)
### BEGIN HIDDEN TESTS
import exam

exam.remove_bands(remove_bands)
### END HIDDEN TESTS

# %%
checks.remove_bands_hint()

# %% [markdown]
# ## In your own words
#
# Somebody passes the left half of an image, `image[:, :32]`, to a `RawKernel` and wonders at the result. Which pixels
# does the kernel read instead? Name two ways to mend it, and say what each of them costs. Three or four sentences. A
# person reads and marks this answer.

# %% [markdown] nbgrader={"grade_id": "half_image", "grade": true, "solution": true, "points": 3}
# *Your answer here.*

# %% [markdown]
# ## What to take along
#
# * A `RawKernel` checks nothing: not the bounds, not the types, not the layout in memory.
# * Round the number of blocks up, and let threads beyond the data do nothing. Two axes take two conditions.
# * Python numbers arrive as `long long` and `double`. For `int` and `float` write `np.int32` and `np.float32`.
# * Row `y`, column `x` lies at `y * width + x` if the array is contiguous.
# * Where an `ElementwiseKernel` is enough, take it: it looks after all of this.
#
# A GPU often does not report accesses outside at all. Where there is none, the emulated GPU watches and names the line.
#
# ## Further reading
#
# * [CuPy's guide to user-defined kernels](https://docs.cupy.dev/en/stable/user_guide/kernel.html)
# * [CuPy's description of RawKernel](https://docs.cupy.dev/en/stable/reference/generated/cupy.RawKernel.html)
# * [NVIDIA's guide to CUDA C++](https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html)
