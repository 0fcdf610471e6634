# %% [markdown]
# # Stage 2: one launch for each step
#
# Your simulation runs on the GPU, and still the control waits. The thermal camera delivers 50 images a second, and for
# each the clamp's temperature two seconds ahead is wanted. In this stage you see where the time goes, and make a single
# kernel of a whole step.
#
# You need about 90 minutes. With 70 % of the points you have passed; your best attempt counts. The points come from the
# checks below, with other plates.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## What a step costs
#
# This is a step in slices, as in stage 1. Each operation on an array is a launch of its own. It reads arrays from the
# memory of the GPU and writes one.


# %%
def simulate_slices(temps, right, down, rate, steps):
    now, new = temps.copy(), cp.empty_like(temps)
    for _ in range(steps):
        along = rate * right * (now[:, 1:] - now[:, :-1])
        across = rate * down * (now[1:] - now[:-1])
        new[...] = now
        new[:, :-1] += along
        new[:, 1:] -= along
        new[:-1] += across
        new[1:] -= across
        now, new = new, now
    return now


rng = np.random.default_rng(2)
size = (24, 36, 10)
temps, right, down, rate, steps = checks.with_faces(rng, size)

# %% [markdown]
# **What do you expect?** Count the operations of one step, each `+=` as one. How many launches do ten steps make?

# %%
for count in (1, 10):
    started = checks.operations(simulate_slices, temps, right, down, rate, count)
    print(f"{count:2} steps: {started} operations")

# %% [markdown]
# Eleven operations stand there for each step, and 19 are counted. A `+=` on a slice is more than one, since Python also
# assigns the result to the slice again. Every launch costs the host a few microseconds, and a small plate is done sooner
# than that. And every operation goes to memory and back.
#
# ## What a step must cost
#
# On a large plate memory decides. So count bytes for each cell. What is **necessary** in a step? Read the temperature, 4
# bytes. Read one face to the right and one down, 4 bytes each. Write the new temperature, 4 bytes. That makes 16; the
# neighbours were read by other threads of the same kernel and mostly still lie in a cache.
#
# **What do you expect?** The slices read and write about as follows. How many times the necessary bytes is that?

# %%
chain = {
    "difference along": 3,
    "times rate, times right": 2 + 3,
    "difference across": 3,
    "times rate, times down": 2 + 3,
    "copy": 2,
    "four times +=": 4 * 3,
}
moved = 4 * sum(chain.values())
print(f"{moved} bytes for each cell, {moved / 16:.1f} times the necessary 16")
for gigabytes in (300, 3000):
    print(
        f"at {gigabytes} GB/s at most {gigabytes / 16:.1f} billion cells per second, with slices {gigabytes / moved:.1f}"
    )

# %% [markdown]
# That is the **bound**: the bandwidth of the memory, divided by the necessary bytes. No program gets above it, and a
# good one gets near it. In your report you will compare yourself with this number.

# %% [markdown]
# ## Cells gather
#
# With slices each face gave to two cells. If each face had a thread of its own, two threads would add to the same cell:
# a race. So turn it round: each **cell** has a thread, and it gathers what comes through its faces. It computes each
# flow itself, so each flow is computed twice. This costs arithmetic, which the GPU has in plenty, and no memory.
#
# ![On the left a face between two cells, with an arrow to each of them. On the right a cell i with four faces and an arrow from each into the cell. The faces are called right with index f minus 1, right with index f, down with index i minus width, and down with index i. Beside it: i is y times width plus x, f is y times width minus 1 plus x.](figures/gather.svg)
#
# Mind the rows: `right` has one column less than the plate, so its rows are shorter, and its index is another one.
#
# **What do you expect?** A plate has 3 rows and 5 columns. Which index in `right` does the face on the right of cell
# 2, 1 have? Which one in `down` does the face above it have?

# %%
height, width, y, x = 3, 5, 2, 1
print("right", y * (width - 1) + x, "down", (y - 1) * width + x)
numbers = np.arange(height * (width - 1)).reshape(height, width - 1)
print(numbers)

# %% [markdown]
# ## Exercise 1: `simulate_fused`
#
# Write `simulate_fused(temps, right, down, rate, steps)`. It does what `simulate` did in stage 1, with one launch for
# each step:
#
# * `temps` has the shape `(h, w)`, `right` the shape `(h, w - 1)`, `down` the shape `(h - 1, w)`. They are contiguous
#   CuPy arrays in `float32`. `rate` is a Python `float`, `steps` a Python `int` from 0 on.
# * The result is a new CuPy array in `float32`.
# * At most `steps + 4` operations are started. Nothing is copied between host and device, and the inputs stay as they
#   are.
# * The kernel stays inside its arrays, and no thread reads what another one writes in the same launch.
#
# Write a `RawKernel`, or an `ElementwiseKernel` with `raw` arguments.


# %% nbgrader={"grade_id": "simulate_fused", "solution": true}
def simulate_fused(temps, right, down, rate, steps):
    # Your code, and above the function your kernel.
    raise NotImplementedError


# %% nbgrader={"grade_id": "simulate_fused-test", "grade": true, "locked": true, "points": 13}
import checks

checks.simulate_fused(simulate_fused)
### BEGIN HIDDEN TESTS
import exam

exam.simulate_fused(simulate_fused)
### END HIDDEN TESTS

# %%
# Stuck? Each run of this cell shows one more hint.
checks.simulate_fused_hint()

# %% [markdown]
# Where there is a GPU your function is also timed beside a model solution. On an emulated one it is not: its time says
# nothing.

# %% [markdown]
# ## The map is smaller than the faces
#
# Eight of the 16 bytes are faces. But they follow from the materials of two cells, and there are only a few materials. A
# map of one byte for each cell is enough, with a small table beside it: number of the material, conductivity.
#
# **What do you expect?** How many bytes for each cell are necessary now, and how far does the bound rise?

# %%
table = np.array([0, 1, 1.5, 4], np.float32)  # hole, steel, bronze, aluminium
material = np.array([[1, 1, 3], [1, 0, 3]], np.uint8)
print(table[material])
print(f"{4 + 1 + 4} instead of 16 bytes: the bound rises to {16 / 9:.2f} times")

# %% [markdown]
# The price is arithmetic: four harmonic means for each cell and step, with a division each. Whether this pays is a
# question for a measurement. As long as memory is the bottleneck, arithmetic beside it is free.

# %% [markdown]
# ## Exercise 2: find the mistakes in `simulate_mapped`
#
# This function is meant to compute with the map. There are three mistakes: one in the launch, two in the kernel. Mend
# them:
#
# * `temps` is as in exercise 1. `material` has the same shape and the dtype `uint8`, `table` has one axis and the dtype
#   `float32`. All of them are contiguous. Conductivities are 0 or more, and 0 is a hole.
# * A face conducts the harmonic mean of its two cells, and 0 where one of them or both do not conduct. The outer border
#   is insulated.
# * The result is a new CuPy array in `float32`. At most `steps + 4` operations are started, nothing is copied between
#   host and device, and the inputs stay as they are.


# %% nbgrader={"grade_id": "simulate_mapped", "solution": true}
# Mend this; you may change every line.
mapped_kernel = cp.RawKernel(
    r"""
__device__ float face(float a, float b) {
  return 2.0f * a * b / (a + b);
}

extern "C" __global__ void mapped(const float* now, const unsigned char* material, const float* table, float rate,
                                  float* out, int height, int width) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  int i = y * width + x;
  float heat = now[i], own = table[material[i]], change = 0.0f;
  if (i > 0) change += face(own, table[material[i - 1]]) * (now[i - 1] - heat);
  if (i + 1 < height * width) change += face(own, table[material[i + 1]]) * (now[i + 1] - heat);
  if (y > 0) change += face(own, table[material[i - width]]) * (now[i - width] - heat);
  if (y + 1 < height) change += face(own, table[material[i + width]]) * (now[i + width] - heat);
  out[i] = heat + rate * change;
}
""",
    "mapped",
)


def simulate_mapped(temps, material, table, rate, steps):
    height, width = temps.shape
    now, new = temps.copy(), cp.empty_like(temps)
    grid = (width // 32, height // 8)
    numbers = np.int32(height), np.int32(width)
    for _ in range(steps):
        mapped_kernel(grid, (32, 8), (now, material, table, np.float32(rate), new, *numbers))
        now, new = new, now
    return now


# %% nbgrader={"grade_id": "simulate_mapped-test", "grade": true, "locked": true, "points": 10}
import checks

checks.simulate_mapped(simulate_mapped)
### BEGIN HIDDEN TESTS
import exam

exam.simulate_mapped(simulate_mapped)
### END HIDDEN TESTS

# %%
checks.simulate_mapped_hint()

# %% [markdown]
# ## Note for your report
#
# Make a table of your three versions: slices, faces in one kernel, map in one kernel. For each write down the launches
# for 100 steps, as counted by `checks.operations`, and the necessary bytes for each cell and step. Name the bandwidth of
# a GPU that you know or looked up, and compute from it the bound in cells per second for both kernels. A person reads
# and marks this.

# %% [markdown] nbgrader={"grade_id": "note-2", "grade": true, "solution": true, "points": 2}
# *Your note here.*

# %% [markdown]
# ## What to take along
#
# * Count bytes for each cell before you write a kernel. Bandwidth divided by necessary bytes is the bound.
# * One launch for each step saves intermediate arrays and waiting for launches.
# * Let cells gather instead of letting faces give: then each element has a single writer.
# * Small data that is turned into larger data may stay small in memory.
#
# ## Further reading
#
# * [CuPy: user-defined kernels](https://docs.cupy.dev/en/stable/user_guide/kernel.html)
# * [NVIDIA: memory in the best practices
#   guide](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#memory-optimizations)
