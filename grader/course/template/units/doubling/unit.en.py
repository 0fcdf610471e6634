# %% [markdown]
# # Doubling
#
# Write a kernel that sets `out[i] = 2 * x[i]` for every element.

# %%
from numba import cuda


# %% nbgrader={"grade_id": "double", "solution": true}
@cuda.jit
def double(x, out):
    # Your code: which element is this thread's, and is there such an element?
    pass


# %% nbgrader={"grade_id": "double-test", "grade": true, "points": 4}
import checks

checks.double(double)
### BEGIN HIDDEN TESTS
import exam

exam.double(double)
### END HIDDEN TESTS
