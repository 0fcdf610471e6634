# %% [markdown]
# # Stufe 3: eine Kachel im Shared Memory
#
# Ein Schritt ist jetzt ein einziger Start. Aber jede Zelle fragt ihre vier Nachbarn, und jeder Nachbar wird viermal
# gefragt. In dieser Stufe holt ein Block sein Stück der Platte einmal, behält es im Shared Memory und macht am Ende zwei
# Schritte daraus, bevor er irgendetwas schreibt.
#
# Du brauchst etwa 90 Minuten. Mit 70 % der Punkte hast du bestanden; dein bester Versuch zählt. Die Punkte kommen aus den
# Prüfungen unten, mit anderen Platten.

# %%
import checks
import numpy as np
from numba import cuda

from grader.checks import inspect

# %% [markdown]
# ## Der Kernel ohne Kachel
#
# `checks.plain_step` ist der Schritt in Numba, und du darfst ihn in `checks.py` lesen. Statt einer Karte bekommt er die
# Leitfähigkeit jeder Zelle, `conduct`, in `float32`. Harmonische Mittel, Löcher und der isolierte Rand sind wie bisher.
#
# **Was erwartest du?** Ein Thread liest die Temperatur seiner eigenen Zelle und die von vier Nachbarn. Wie oft wird in
# einem Start die Temperatur einer Zelle mitten in der Platte gelesen? Wie viele Bytes liest eine Zelle, wenn kein Cache
# hilft?

# %%
reads = 1 + 4
print(f"jede Temperatur wird {reads}-mal gelesen, jede Leitfähigkeit auch")
print(f"{4 * 2 * reads} Bytes je Zelle gelesen, {4 * 2} davon sind notwendig")

# %% [markdown]
# Auf einer GPU fängt ein Cache viele dieser Zugriffe ab. Wie viele, entscheidest nicht du. Mit einer Kachel schon.
#
# ## Kachel und Halo
#
# Ein Block aus 32 × 8 Threads braucht die Temperaturen seiner 32 × 8 Zellen und die eines Rings um sie herum: des
# **Halos**. Zusammen ist das eine Kachel mit 34 × 10 Plätzen. Das Bild zeigt es kleiner. `B` sind die Zellen des Blocks,
# `1` ist der Halo:
#
# ![Links ein Block aus 3 mal 6 Zellen. Rechts seine Kachel aus 5 mal 8 Zellen: in der Mitte dieselben Zellen, um sie herum ein Ring aus Zellen mit der Aufschrift 1. Darunter stehen 18 und 40.](figures/tile.svg)
#
# Je kleiner der Block, desto mehr Halo kommt auf jede seiner Zellen.
#
# **Was erwartest du?** Wie viele Plätze hat die Kachel je Zelle des Blocks, bei den Blöcken unten? Welche Form mit 256
# Threads hat den kleinsten Halo, und warum würdest du sie trotzdem nicht nehmen?

# %%
for wide, high in ((256, 1), (32, 8), (16, 16), (32, 32)):
    for halo in (1, 2):
        places = (wide + 2 * halo) * (high + 2 * halo)
        print(f"{wide:3} x {high:2}, Halo {halo}: {places:4} Plätze, {places / (wide * high):.2f} je Zelle")

# %% [markdown]
# Von denen mit 256 Threads hat 16 × 16 den kleinsten Halo. Aber ein Warp hat 32 Threads, und die sollen benachbarte Zellen
# einer einzigen Zeile lesen. Also nehmen wir 32 × 8.
#
# ## Mehr Plätze als Threads
#
# 340 Plätze, 256 Threads: Manche Threads holen zwei. Wie bei den Fächern eines Histogramms verteilt sie eine Schleife: Der
# Thread mit der Nummer `t` holt die Plätze `t`, `t + 256` und so weiter.
#
# **Was erwartest du?** Welche Zeile und Spalte der Kachel holt Thread 0, und welche holt er als zweite?

# %%
for t in (0, 83, 84):
    print(f"Thread {t:2} holt", [(place // 34, place % 34) for place in range(t, 340, 256)])

# %% [markdown]
# Und was gehört in Plätze außerhalb der Platte? Such einen Wert, mit dem der Rand kein eigenes `if` mehr braucht. Draußen
# leitet nichts ...
#
# Dann kommt eine Barriere: Niemand darf die Kachel lesen, bevor alle sie gefüllt haben. Dafür müssen auch Threads
# mitkommen, deren eigene Zelle draußen liegt. Sie holen Plätze, die andere brauchen.

# %% [markdown]
# ## Aufgabe 1: `tile_step`
#
# Schreibe den Kernel `tile_step(now, conduct, rate, out)`, der mit einer Kachel einen Schritt macht:
#
# * `now`, `conduct` und `out` haben die Form `(h, w)` in `float32`, `rate` ist eine Zahl in `float32`. `h` und `w` sind
#   mindestens 1. In `out` steht am Anfang irgendetwas.
# * Eine Fläche leitet das harmonische Mittel ihrer zwei Zellen, und 0, wo eine von ihnen oder beide 0 sind. Der äußere
#   Rand ist isoliert.
# * Blöcke haben 32 × 8 Threads, x entlang der Spalten. Das Grid hat gerade so viele davon, wie die Platte braucht.
# * Der Kernel rechnet durchweg in `float32`. Achte auf deine Literale: In Numba ist `2.0` ein `float64`, und ein `int`
#   mal einem `float32` auch.
# * Er bewegt viel weniger Speicher als `checks.plain_step`. Die emulierte GPU zählt die Sektoren, eine GPU misst die Zeit.


# %% nbgrader={"grade_id": "tile_step", "solution": true}
@cuda.jit
def tile_step(now, conduct, rate, out):
    # Dein Code: Kachel füllen, warten, Zelle berechnen.
    pass


# %% nbgrader={"grade_id": "tile_step-test", "grade": true, "locked": true, "points": 13}
import checks

checks.tile_step(tile_step)
### BEGIN HIDDEN TESTS
import exam

exam.tile_step(tile_step)
### END HIDDEN TESTS

# %%
# Kommst du nicht weiter? Jeder Lauf dieser Zelle zeigt einen Tipp mehr.
checks.tile_step_hint()

# %% [markdown]
# Sieh dir die Zugriffe deines Kernels an. Solange er leer ist, gibt es davon kein Bild.

# %%
now, conduct, rate, out = checks.plate(np.random.default_rng(3), (16, 64))
inspect(tile_step)[(2, 2), (32, 8)](cuda.to_device(now), cuda.to_device(conduct), rate, cuda.to_device(out))

# %% [markdown]
# ## Zwei Schritte aus einer Kachel
#
# Jeder Start liest die Platte jetzt einmal und schreibt sie einmal. Weniger geht nicht, oder doch? Ein Start, der **zwei**
# Schritte macht, liest und schreibt für beide einmal. Dafür muss ein Block wissen, was ihm seine Nachbarn nach dem ersten
# Schritt gesagt hätten. Er rechnet es selbst aus, in einem Halo, der eine Zelle breiter ist. Diese Zellen heißen
# **Geisterzellen** (ghost zones).
#
# ![Drei Raster mit Pfeilen dazwischen. Bei t = 0 sind es 7 mal 10 Zellen: 3 mal 6 des Blocks, ein Ring mit der Aufschrift 1 und ein Ring mit der Aufschrift 2. Bei t = 1 sind der Block und Ring 1 übrig, bei t = 2 nur der Block.](figures/steps.svg)
#
# Mit einem Halo von 2 stimmt der erste Schritt im Block und in einem Ring darum. Der zweite stimmt im Block. Mit jedem
# Schritt schrumpft der richtige Bereich auf jeder Seite um eine Zelle.
#
# **Was erwartest du?** Wie viele Bytes je Zelle und Schritt lesen und schreiben ein, zwei und vier Schritte aus einer
# Kachel? Und wie viele Zellen werden für jede berechnet, die zählt?

# %%
wide, high = 32, 8
for count in (1, 2, 4):
    places = (wide + 2 * count) * (high + 2 * count)
    computed = sum((wide + 2 * ring) * (high + 2 * ring) for ring in range(count)) / count
    moved = (8 * places / (wide * high) + 4) / count
    print(f"{count} Schritte: {moved:.1f} Bytes, {computed / (wide * high):.2f} Zellen berechnet für eine")

# %% [markdown]
# Der Speicher wird weniger, das Rechnen mehr. Irgendwo dazwischen liegt die beste Zahl von Schritten, und wo, das hängt von
# der GPU ab.

# %% [markdown]
# ## Aufgabe 2: Finde die Fehler in `two_steps`
#
# Dieser Kernel soll zwei Schritte aus einer Kachel machen. `stepped` berechnet eine Zelle. Die Kachel der Leitfähigkeiten
# beginnt weiter außen als die der Temperaturen, und `shift` sagt, um wie viel. In `two_steps` stecken drei Fehler, in den
# beiden Funktionen darüber keiner. Bring sie in Ordnung:
#
# * Eingaben, Ausgabe, Start und Typen sind wie in Aufgabe 1.
# * In `out` stehen die Temperaturen nach **zwei** Schritten der Länge `rate`.
#
# Die Prüfung findet mehr als falsche Ergebnisse: Sieh dir die Art der Befunde an und ihre Zeilen.


# %% nbgrader={"grade_id": "two_steps", "solution": true}
@cuda.jit(device=True)
def face(one, other):
    if one * other > 0:
        return np.float32(2) * one * other / (one + other)
    return np.float32(0)


@cuda.jit(device=True)
def stepped(heat, row, col, lead, shift, rate):
    # Die Zelle bei heat[row, col] liegt bei lead[row + shift, col + shift].
    own, k = heat[row, col], lead[row + shift, col + shift]
    change = face(k, lead[row + shift - 1, col + shift]) * (heat[row - 1, col] - own)
    change += face(k, lead[row + shift + 1, col + shift]) * (heat[row + 1, col] - own)
    change += face(k, lead[row + shift, col + shift - 1]) * (heat[row, col - 1] - own)
    change += face(k, lead[row + shift, col + shift + 1]) * (heat[row, col + 1] - own)
    return own + rate * change


@cuda.jit
def two_steps(now, conduct, rate, out):
    heat = cuda.shared.array((12, 36), np.float32)
    lead = cuda.shared.array((12, 36), np.float32)
    half = cuda.shared.array((10, 34), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    t = 32 * ty + tx
    height, width = now.shape
    top, left = 8 * cuda.blockIdx.y - 2, 32 * cuda.blockIdx.x - 2
    p = t
    if p < 432:
        row, col = p // 36, p % 36
        y, x = top + row, left + col
        inside = 0 <= y < height and 0 <= x < width
        heat[row, col] = now[y, x] if inside else np.float32(0)
        lead[row, col] = conduct[y, x] if inside else np.float32(0)
    cuda.syncthreads()
    for p in range(t, 340, 256):
        row, col = p // 34, p % 34
        half[row, col] = stepped(heat, row + 1, col + 1, lead, 0, rate)
    y, x = top + ty + 2, left + tx + 2
    if y < height and x < width:
        out[y, x] = stepped(half, ty + 1, tx, lead, 1, rate)


# %% nbgrader={"grade_id": "two_steps-test", "grade": true, "locked": true, "points": 10}
import checks

checks.two_steps(two_steps)
### BEGIN HIDDEN TESTS
import exam

exam.two_steps(two_steps)
### END HIDDEN TESTS

# %%
checks.two_steps_hint()

# %% [markdown]
# ## Notiz für deinen Bericht
#
# Vergleiche `checks.plain_step`, `tile_step` und `two_steps`: Bytes je Zelle und Schritt, wenn kein Cache hilft, und
# Zellen, die für jede zählende berechnet werden. Wähle dann eine andere Form des Blocks und berechne beide Zahlen dafür.
# Sag, was für sie spricht und was dagegen. Ein Mensch liest und bewertet das.

# %% [markdown] nbgrader={"grade_id": "note-3", "grade": true, "solution": true, "points": 2}
# *Deine Notiz hier.*

# %% [markdown]
# ## Zum Mitnehmen
#
# * Eine Kachel mit Halo holt jeden Wert einmal je Block; Plätze außerhalb der Platte sind Löcher.
# * Eine Schleife in Schritten der Blockgröße füllt mehr Plätze, als es Threads gibt. Dann kommt eine Barriere, für alle.
# * Mehrere Schritte aus einer Kachel tauschen Rechnen gegen Speicher, und mit jedem schrumpft der richtige Bereich.
# * In Numba genügt ein Literal, um in `float64` zu rechnen.
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: Shared Memory und Barrieren (englisch)](https://nvidia.github.io/numba-cuda/user/memory.html)
# * [NVIDIA: Shared Memory im Handbuch zu CUDA
#   (englisch)](https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#shared-memory)
