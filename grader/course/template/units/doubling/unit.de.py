# %% [markdown]
# # Verdoppeln
#
# Schreibe einen Kernel, der `out[i] = 2 * x[i]` für jedes Element setzt.

# %%
from numba import cuda


# %% nbgrader={"grade_id": "double", "solution": true}
@cuda.jit
def double(x, out):
    # Dein Code: welches Element gehört diesem Thread, und gibt es dieses Element?
    pass


# %% nbgrader={"grade_id": "double-test", "grade": true, "points": 4}
import checks

checks.double(double)
### BEGIN HIDDEN TESTS
import exam

exam.double(double)
### END HIDDEN TESTS
