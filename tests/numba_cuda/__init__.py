"""numba-cuda's own tests on the emulated GPU: those that its simulator passes.

`python -m tests.numba_cuda` runs them and says how many pass; `python -m tests.numba_cuda simulator` writes the list
of those that the simulator of the installed numba-cuda passes.
"""
