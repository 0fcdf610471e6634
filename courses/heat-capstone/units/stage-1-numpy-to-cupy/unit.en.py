# %% [markdown]
# # Stage 1: from NumPy to CuPy
#
# A thermal camera watches a part while it is milled. It shows how hot the surface is now. The control asks something
# else: how hot will the clamp be in two seconds, if nobody stops the spindle? For that somebody has to compute how heat
# spreads in the part: through steel and aluminium, and around holes.
#
# This is your project for four stages. You get a program in NumPy that is right and slow. In this stage you bring it to
# the GPU with slices. In stage 2 a step becomes a single kernel, and in stage 3 a block shares a tile. In stage 4 you put
# everything together and report on it with numbers.
#
# You need about 90 minutes. Each stage is an assessment: 70 % of its points pass it, and your best attempt counts. The
# checks below are yours to run as often as you like. The points come from the same checks with other plates.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Heat flows through faces
#
# We cut the plate into square cells. Each has a temperature, and each pair of neighbours has a common **face**. Through
# the face flows heat from the warmer cell to the cooler one, the more, the larger the difference is and the better the
# face conducts.
#
# ![Twelve square cells in three rows of four, with their row and column. Between cells side by side lie upright bars, between cells one above the other lie flat ones; each bar has the indices of the cell on its left or above it. Legend: conduct is 3 by 4, right is 3 by 3, down is 2 by 4.](figures/faces.svg)
#
# `right[y, x]` belongs to the face between cell `y, x` and its right neighbour, `down[y, x]` to the one below it. A
# plate of 3 × 4 cells has 3 × 3 faces of the first kind and 2 × 4 of the second. There is no face at the outer border:
# nothing flows there, the plate is **insulated**.
#
# This is the program in NumPy. Read it before you go on; `rate` holds the length of a step and the size of a cell.


# %%
def simulate_numpy(temps, right, down, rate, steps):
    height, width = temps.shape
    now = temps.copy()
    for _ in range(steps):
        new = now.copy()
        for y in range(height):
            for x in range(width - 1):
                flow = rate * right[y, x] * (now[y, x + 1] - now[y, x])
                new[y, x] += flow
                new[y, x + 1] -= flow
        for y in range(height - 1):
            for x in range(width):
                flow = rate * down[y, x] * (now[y + 1, x] - now[y, x])
                new[y, x] += flow
                new[y + 1, x] -= flow
        now = new
    return now


# %% [markdown]
# What leaves one cell through a face arrives in the other one. So the sum of all temperatures should stay. In our units
# it is the energy of the plate.
#
# **What do you expect?** The plate below has one hot cell with 900 degrees at the left border; all others have 20. Which
# cell is the second hottest after ten steps? Does the sum stay exactly the same? Write down both, then run the cell.

# %%
plate = np.full((4, 6), 20, np.float32)
plate[1, 0] = 900
full_right, full_down = np.ones((4, 5), np.float32), np.ones((3, 6), np.float32)
later = simulate_numpy(plate, full_right, full_down, 0.1, 10)
print(later.round(1))
print("energy before", plate.sum(), "and after", later.sum())

# %% [markdown]
# The second hottest is the cell in the corner: heat that comes there cannot go on. The sum is the same. On larger plates
# it may change in the last digits, since `float32` rounds each number to about seven of them.
#
# The energy is a strong test that costs one line. Whoever adds a flow on one side and forgets to subtract it on the
# other one loses energy at once. It is not a proof, however: which mistakes in the formula would it not notice? Keep
# the question for the end.
#
# ## What does a face conduct?
#
# The conductivity belongs to the cells, but the program needs it at faces. Two half cells lie there one after the
# other, like two resistors in a row. Resistances add up, and from this follows the **harmonic mean**,
# `2 * a * b / (a + b)`.
#
# A hole does not conduct, its cells have the conductivity 0. Then all four of its faces must be 0, too.
#
# **What do you expect?** Compare it with the ordinary mean for steel beside aluminium (1 and 4), and for steel beside a
# hole (1 and 0). Which of the two means would let heat into the hole?

# %%
for one, other in ((1, 1), (1, 4), (1, 0)):
    print(f"{one} and {other}: harmonic {2 * one * other / (one + other):.2f}, ordinary {(one + other) / 2:.2f}")

# %% [markdown]
# The ordinary mean lets heat into the hole, and at the border of two materials it is far too large. The worse of the
# two cells dominates the harmonic mean, as the narrow part of a pipe does.

# %% [markdown]
# ## Exercise 1: `faces`
#
# Write `faces(conduct)`, which returns `right` and `down`:
#
# * `conduct` is a CuPy array of the shape `(h, w)` in `float32`. All values are at least 0, and 0 is a hole. Holes may
#   lie side by side and at the border. `h` and `w` are at least 1.
# * The result is a tuple of two new CuPy arrays in `float32`: `right` of the shape `(h, w - 1)` and `down` of the shape
#   `(h - 1, w)`. For a plate of one row or one column one of them is empty.
# * Each value is the harmonic mean of its two cells, and 0 where one of them or both are 0.
# * At most 40 operations are started, for any size. Nothing is copied between host and device, and the input stays as
#   it is.


# %% nbgrader={"grade_id": "faces", "solution": true}
def faces(conduct):
    # Your code
    raise NotImplementedError


# %% nbgrader={"grade_id": "faces-test", "grade": true, "locked": true, "points": 8}
import checks

checks.faces(faces)
### BEGIN HIDDEN TESTS
import exam

exam.faces(faces)
### END HIDDEN TESTS

# %%
# Stuck? Each run of this cell shows one more hint.
checks.faces_hint()

# %% [markdown]
# ## From loops to slices
#
# The two inner loops do the same for all faces. In slices this is one line for each kind: all cells but those of the
# last column, beside all cells but those of the first one.

# %%
row = cp.asarray(np.array([[20, 20, 900, 20]], np.float32))
print("left cells ", row[:, :-1])
print("right cells", row[:, 1:])
print("the differences", row[:, 1:] - row[:, :-1])

# %% [markdown]
# Each slice is a view: it copies nothing. And each operation on it is a kernel that the host starts without waiting for
# it. So the host may run ahead and prepare the next step. It stops doing so as soon as it wants to know a number: a
# `float(...)`, an `if` on an array, a `.get()` in the loop makes it wait for the GPU in each step.
#
# ## Why two buffers?
#
# All flows of a step belong to the **same** point in time. Whoever writes new temperatures into the array from which
# the next flow is still to be read computes from a mixture of old and new.
#
# **What do you expect?** The cell below makes one step on a single row, once with one buffer, from left to right, and
# once with two. How far does the heat get in one step?

# %%
old = np.array([900.0, 20.0, 20.0, 20.0])
mixed = old.copy()
for x in range(3):
    flow = 0.25 * (mixed[x + 1] - mixed[x])
    mixed[x] += flow
    mixed[x + 1] -= flow
flows = 0.25 * (old[1:] - old[:-1])
clean = old.copy()
clean[:-1] += flows
clean[1:] -= flows
print("one buffer ", mixed.round(1), "sum", mixed.sum())
print("two buffers", clean, "sum", clean.sum())

# %% [markdown]
# With one buffer the heat runs through the whole row in a single step, and only from left to right. The energy is
# right all the same! Only the direction gives it away: a symmetric plate does not stay symmetric. On a GPU nobody
# even knows the direction; there the result changes from run to run.
#
# ![Two rows of boxes, A and B, for the points in time 0 to 4. The full box is in row A at time 0, 2 and 4, and in row B at time 1 and 3. An arrow leads from each full box to the next one in the other row.](figures/buffers.svg)
#
# So there are two buffers. Read from one, write into the other, then swap the **names**: `now, new = new, now` copies no
# number. If you forget the swap, the second step begins where the first one began.

# %% [markdown]
# ## Exercise 2: `simulate`
#
# Write `simulate(temps, right, down, rate, steps)` with slices in CuPy:
#
# * `temps` is a CuPy array of the shape `(h, w)` in `float32`; `right` and `down` are as in exercise 1. `rate` is a
#   Python `float`, `steps` a Python `int` from 0 on.
# * The result is what `simulate_numpy` computes, as a new CuPy array in `float32`.
# * At most 30 operations are started for each step, and 10 beside that, however large the plate is.
# * Nothing is copied between host and device, and the inputs stay as they are.
#
# Among the hidden plates are a single cell, a symmetric plate, holes at the border, and one for which the solution is
# known on paper.


# %% nbgrader={"grade_id": "simulate", "solution": true}
def simulate(temps, right, down, rate, steps):
    # Your code
    raise NotImplementedError


# %% nbgrader={"grade_id": "simulate-test", "grade": true, "locked": true, "points": 14}
import checks

checks.simulate(simulate)
### BEGIN HIDDEN TESTS
import exam

exam.simulate(simulate)
### END HIDDEN TESTS

# %%
checks.simulate_hint()

# %% [markdown]
# ## Is it right, too?
#
# Your function now does what the NumPy program does. But is that one right? For a square plate of a single material
# there is an answer on paper: a temperature in the shape of a cosine fades and keeps its shape. `checks.grid_error`
# lets your function compute this plate on a grid and tells the largest difference from the solution on paper.
#
# **What do you expect?** The scheme is of second order: with cells of half the size the error should be a quarter. Which
# ratios does the cell print?

# %%
try:
    errors = {size: checks.grid_error(simulate, size) for size in (8, 16, 32)}
except Exception as error:
    print("not yet:", error)
else:
    for size, error in errors.items():
        print(f"{size:2} x {size:2} cells: {error:.5f} degrees")
    print(f"ratios {errors[8] / errors[16]:.2f} and {errors[16] / errors[32]:.2f}")

# %% [markdown]
# A ratio of about 4 is the finger print of the scheme. With a rate that is 10 % too large, or without the faces in the
# outermost cells, it is 1: the error no longer gets smaller, however fine the grid is.
#
# ## Note for your report
#
# In stage 4 you write a report, and each stage leaves a note for it. Let your `simulate` compute a plate of your own
# with a hole in it. Write down the energy before and after, and two grid errors with their ratio. Say for each of these
# numbers in one sentence which mistake it rules out, and which one it would not notice. A person reads and marks this.

# %% [markdown] nbgrader={"grade_id": "note-1", "grade": true, "solution": true, "points": 2}
# *Your note here.*

# %% [markdown]
# ## What to take along
#
# * Heat flows through faces. What one cell loses the other one gains, and so the energy stays.
# * At a face the harmonic mean of both cells counts; a hole makes it 0.
# * A step reads one buffer and writes the other; then the names are swapped.
# * Energy, symmetry and the grid error each find mistakes that the others do not notice.
#
# ## Further reading
#
# * [NumPy: indexing and slices](https://numpy.org/doc/stable/user/basics.indexing.html)
# * [CuPy: differences from NumPy](https://docs.cupy.dev/en/stable/user_guide/difference.html)
