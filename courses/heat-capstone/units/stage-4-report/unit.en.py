# %% [markdown]
# # Stage 4: the whole run, and your report
#
# The part is in its clamp, and coolant flows along its left side. The control gets everything now: a map of the
# materials with all bores and notches, cooling, and a curve of the energy. You build the whole run from what you wrote in
# the first three stages, and report on it: how fast is it, what holds it up, and how do you know that it is right?
#
# You need about 90 minutes. With 70 % of the 26 points you have passed; 17 are given by the checks, 9 by a person for
# your report. There are no hints in this stage: you have all the parts. Lay your notes from stages 1 to 3 beside it.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## A border that cools
#
# On the left the coolant has the temperature `bath`, at any time. From the middle of a cell to the middle of its
# neighbour it is one cell, but to the bath only **half** a one. So the face to the bath conducts twice as well as the
# material alone.
#
# ![On the left a bath beside three rows of four cells. A dot marks the middle of each cell. From the first cells of the upper and the lower row arrows lead into the bath; the first cell of the middle row is a hole with the number 0 and has no arrow. Below stand distances: one half from the bath to the middle of a cell, one from middle to middle. On the right stands: 2 times k times bath minus t, and for k equal to 0: 0.](figures/bath.svg)
#
# **What do you expect?** A row of three cells of steel (`k = 1`) has 100 degrees everywhere, the bath has 10, and `rate`
# is 0.1. How warm is the first cell after one step? What would come out if somebody took a whole cell for the distance?

# %%
rate, k, bath, heat = 0.1, 1.0, 10.0, 100.0
print("half a cell away:", heat + rate * 2 * k * (bath - heat))
print("a whole cell away:", heat + rate * k * (bath - heat))

# %% [markdown]
# Both look plausible in a picture. This is why numbers belong into tests, not pictures.
#
# ## Exercise 1: `heat_run`
#
# Write `heat_run(temps, material, table, bath, rate, steps)`:
#
# * `temps` is a CuPy array of the shape `(h, w)` in `float32`, `material` one of the same shape in `uint8`. `table` has
#   one axis and the dtype `float32`: `table[m]` is the conductivity of material `m`, and 0 is a hole. All of them are
#   contiguous. `bath` and `rate` are Python `float`, `steps` is an `int` from 0 on.
# * Between two cells counts the harmonic mean, and 0 where one of them or both are holes. On the left each cell has a
#   face of the conductivity `2 * k` to the bath; a hole has none. The other three borders are insulated.
# * The result is a new CuPy array in `float32`, the temperatures after `steps` steps.
# * At most `steps + 6` operations are started, nothing is copied between host and device, and the inputs stay as they
#   are. The kernel stays inside its arrays, and two runs with the same inputs give the same bits.
#
# Slices, `ElementwiseKernel`, `RawKernel` with or without a tile: the way is your choice. Where there is a GPU the speed
# counts, too, beside a model solution on the same GPU.


# %% nbgrader={"grade_id": "heat_run", "solution": true}
def heat_run(temps, material, table, bath, rate, steps):
    # Your code, and above the function your kernel.
    raise NotImplementedError


# %% nbgrader={"grade_id": "heat_run-test", "grade": true, "locked": true, "points": 10}
import checks

checks.heat_run(heat_run)
### BEGIN HIDDEN TESTS
import exam

exam.heat_run(heat_run)
### END HIDDEN TESTS

# %% [markdown]
# ## A curve without waiting
#
# The control wants to see how much energy is left in the part, every few steps. It is tempting to write
# `curve.append(float(now.sum()))`. But each `float` waits until all steps before it are done, and meanwhile the GPU gets
# no new work.
#
# It is done differently: the energies stay on the device, each in its place of a small array, and the host fetches this
# array once, at the end, when it wants it.
#
# **What do you expect?** Below three sums are written into an array. Which of these lines waits for the device?

# %%
curve = cp.empty(3, cp.float32)
plate = cp.asarray(np.arange(6, dtype=np.float32).reshape(2, 3))
for place in range(3):
    curve[place] = (plate * (place + 1)).sum()
print(curve)

# %% [markdown]
# Only `print`. The sum is an array without axes on the device, and the assignment copies it within the device.
#
# ## Exercise 2: `energy_trace`
#
# Write `energy_trace(temps, material, table, bath, rate, steps, every)`. You may call your `heat_run`:
#
# * The first six arguments are those of `heat_run`. `steps` is at least 1 and a multiple of `every`.
# * The result is a tuple of two CuPy arrays in `float32`: the temperatures after all steps, and the energies, with the
#   shape `(steps // every + 1,)`.
# * The energy is the sum of the temperatures of all cells that conduct; holes do not count. The first one is that at the
#   beginning, then comes one after every `every` steps.
# * Nothing is copied between host and device. At most `steps + 12 * (steps // every) + 12` operations are started.


# %% nbgrader={"grade_id": "energy_trace", "solution": true}
def energy_trace(temps, material, table, bath, rate, steps, every):
    # Your code
    raise NotImplementedError


# %% nbgrader={"grade_id": "energy_trace-test", "grade": true, "locked": true, "points": 7}
import checks

checks.energy_trace(energy_trace)
### BEGIN HIDDEN TESTS
import exam

exam.energy_trace(energy_trace)
### END HIDDEN TESTS

# %% [markdown]
# ## Two experiments for the report
#
# **What do you expect?** In the first plate the whole left border is a hole, in the second one there is none. Which
# curve stays, which one falls, and towards which value?

# %%
rng = np.random.default_rng(4)
insulated = checks.plate(rng, (12, 33, 60))
cooled = (insulated[0], np.ones((12, 33), np.uint8), *insulated[2:])
try:
    for name, arguments in (("insulated", insulated), ("cooled", cooled)):
        arrays = [cp.asarray(one) if isinstance(one, np.ndarray) else one for one in arguments]
        print(f"{name:9}", energy_trace(*arrays, 20)[1])
        count = checks.operations(heat_run, *arguments)
        print(f"{count} operations in {arguments[-1]} steps")
except Exception as error:
    print("not yet:", error)

# %% [markdown]
# The first curve stays, to the last digit. The second one falls, in the end towards `bath` times the number of cells:
# then the part is as cold as the coolant.
#
# Where you have a GPU, also measure time. `cupyx.profiler.benchmark` warms up, waits for the device and repeats. Take a
# plate with at least a million cells and enough steps, and compute cells per second. On an emulated GPU leave time out:
# there launches and bytes are your numbers.

# %% [markdown]
# ## Your report
#
# Write it for the engineer who will run this after you: one to two pages, in cells of your own below this one. She knows
# NumPy, but no GPU. Answer these questions, with numbers from your own runs:
#
# 1. **What holds it up?** Name the bottleneck of your `heat_run`. Compute the bound from necessary bytes and bandwidth,
#    and say how near you come, or how you would find out.
# 2. **How do you know that it is right?** Name at least three tests of different kinds, each with a number and with the
#    mistake that it would find.
# 3. **What did each stage bring?** A table: launches for 100 steps and bytes for each cell and step, for slices, one
#    kernel, map and tile. With a GPU also the time.
# 4. **What next?** One change that you did not make, with an estimate of what it brings, and why it brings no more.

# %% [markdown] nbgrader={"grade_id": "report", "task": true, "points": 9}
# Write your report in new cells below this one: text, tables, and code that makes your numbers. A person reads and marks
# it.

# %% [markdown]
# ## Handing in
#
# Restart the kernel of the notebook, run all cells once, save, and hand in. As long as nobody has read your report, the
# course's page says that the result is not decided yet.
#
# ## Further reading
#
# * [CuPy: measuring performance](https://docs.cupy.dev/en/stable/user_guide/performance.html)
# * [NVIDIA: best practices
#   guide](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html)
