# %% [markdown]
# # Ein Kernel mit Wächter
#
# Eine GPU führt dieselbe Funktion viele tausend Mal zugleich aus. Jede Ausführung ist ein **Thread**, die Funktion
# heißt **Kernel**. In dieser Einheit schreibst du zwei Kernel, die eine Formel auf jedes Element eines Arrays
# anwenden. So einen Kernel nennt man *Map*.
#
# Du brauchst etwa 60 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import numpy as np
from numba import cuda

# %% [markdown]
# ## Welches Element ist meins?
#
# Threads stehen in **Blöcken**, und die Blöcke bilden das **Grid**. Jeder Thread kann fragen, wo er steht:
#
# ```
#            Block 0               Block 1               Block 2
#      ┌──┬──┬──┬──┐         ┌──┬──┬──┬──┐         ┌──┬──┬──┬──┐
#      │ 0│ 1│ 2│ 3│         │ 0│ 1│ 2│ 3│         │ 0│ 1│ 2│ 3│     cuda.threadIdx.x
#      └──┴──┴──┴──┘         └──┴──┴──┴──┘         └──┴──┴──┴──┘
# i =    0  1  2  3            4  5  6  7            8  9 10 11      cuda.grid(1)
# ```
#
# Bei 4 Threads je Block (`cuda.blockDim.x`) hat Thread 2 in Block 1 die Nummer `1 * 4 + 2 = 6`.
# Numba rechnet das mit `cuda.grid(1)` aus. Ein Beispiel, das zehn Zahlen mit einem Block aus zehn Threads quadriert:


# %%
@cuda.jit
def square(x, out):
    i = cuda.grid(1)
    out[i] = x[i] * x[i]


x = cuda.to_device(np.arange(10, dtype=np.float32))
out = cuda.device_array(10, np.float32)
square[1, 10](x, out)
out.copy_to_host()

# %% [markdown]
# `square[1, 10]` startet den Kernel: ein Grid aus 1 Block mit je 10 Threads. Auf einer echten GPU laufen alle zehn
# zugleich, in keiner versprochenen Reihenfolge.
#
# ## Wozu ein Wächter
#
# Ein Block hat meist 128 oder 256 Threads, egal wie lang das Array ist. Für `n = 1000` und 256 Threads je Block
# brauchst du `ceil(1000 / 256) = 4` Blöcke, also 1024 Threads: **24 zu viel**. Sie dürfen den Speicher nicht anfassen,
# sonst lesen und schreiben sie, was anderen gehört. Ein **Wächter** (englisch *guard*) hält sie fern:
#
# ```python
# if i < x.shape[0]:
#     ...
# ```

# %% [markdown]
# ## Aufgabe 1: saxpy
#
# Schreibe einen Kernel, der für jedes Element `out[i] = a * x[i] + y[i]` berechnet. Die Arrays haben dieselbe Länge
# `n`, und der Start hat mindestens `n` Threads, meistens mehr. Verändere nur `out`.


# %% nbgrader={"grade_id": "saxpy", "solution": true}
@cuda.jit
def saxpy(a, x, y, out):
    # Dein Code: Welches Element gehört diesem Thread, und gibt es dieses Element?
    pass


# %% [markdown]
# Prüfe deinen Kernel, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Größen.

# %% nbgrader={"grade_id": "saxpy-test", "grade": true, "locked": true, "points": 5}
import checks

checks.saxpy(saxpy)
### BEGIN HIDDEN TESTS
import exam

exam.saxpy(saxpy)
### END HIDDEN TESTS

# %% [markdown]
# ## Aufgabe 2: jede Startform
#
# Ein Kernel, der für jedes Element einen eigenen Thread braucht, hängt davon ab, wie er gestartet wird. Eine
# **Grid-Stride-Schleife** nicht: Jeder Thread beginnt bei seinem eigenen Element und springt dann um die Zahl aller
# Threads im Grid weiter, bis das Array zu Ende ist.
#
# ```
# 8 Threads, n = 20     Thread 0:  0   8   16
#                       Thread 1:  1   9   17
#                       ...
#                       Thread 7:  7  15        (23 läge außerhalb)
# ```
#
# Die Zahl der Threads im Grid ist `cuda.gridsize(1)`, also `cuda.gridDim.x * cuda.blockDim.x`.
#
# Schreibe saxpy noch einmal, diesmal **an Ort und Stelle**: `y[i] = a * x[i] + y[i]`. Es muss bei jedem Start stimmen:
# ein Block, viele Blöcke, weniger Threads als Elemente oder mehr. Jedes Element gehört nur einem Thread; arbeiteten zwei
# am selben, käme `a * x[i]` doppelt hinzu.


# %% nbgrader={"grade_id": "saxpy_stride", "solution": true}
@cuda.jit
def saxpy_stride(a, x, y):
    # Dein Code: Wo beginnt dieser Thread, und wie weit springt er?
    pass


# %% nbgrader={"grade_id": "saxpy_stride-test", "grade": true, "locked": true, "points": 6}
import checks

checks.saxpy_stride(saxpy_stride)
### BEGIN HIDDEN TESTS
import exam

exam.saxpy_stride(saxpy_stride)
### END HIDDEN TESTS

# %% [markdown]
# ## In eigenen Worten
#
# Warum braucht saxpy einen Wächter, und warum braucht die Schleife in Aufgabe 2 außer ihrem Ende keinen? Zwei oder
# drei Sätze. Ein Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why-guard", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown] nbgrader={"grade_id": "launches", "task": true, "points": 2}
# ## Eine kleine Untersuchung
#
# Starte dein `saxpy_stride` mit drei verschiedenen Formen auf denselben Werten der Länge 1000 und vergleiche die
# Ergebnisse mit NumPy. Gib jedem Start eine frische Kopie von `y`: Warum muss das sein? Füge unten die Zellen ein, die du
# brauchst, und ein oder zwei Sätze dazu, was du siehst. Ein Mensch bewertet sie.
