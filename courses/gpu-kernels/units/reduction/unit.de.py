# %% [markdown]
# # Reduktionen mit Shared Memory
#
# Die Steuerung der Maschine braucht keine Bilder. Sie braucht Zahlen: Wie warm ist das Werkstück im Mittel, und wo sind
# die Unterschiede am größten? Aus vielen Zahlen eine zu machen heißt **Reduktion**. In dieser Einheit arbeiten die
# Threads eines Blocks dafür zusammen.
#
# Danach kannst du
#
# * in einem Block Werte über Shared Memory austauschen und Barrieren setzen, wo sie nötig sind;
# * einen Block im Baum zu einer Summe, einem Minimum oder einem Maximum reduzieren, für jede Blockgröße und jedes `n`;
# * die Ergebnisse der Blöcke zusammenführen, mit einem zweiten Start oder atomar;
# * erklären, warum es bei einer Summe in `float32` auf die Reihenfolge ankommt.
#
# Du brauchst etwa 60 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import numpy as np
from numba import cuda

from grader.checks import inspect

heat = np.random.default_rng(12).uniform(20, 90, 1000).astype(np.float32)
pixels = cuda.to_device(heat)
print(f"{heat.size} Pixel, im Mittel {heat.mean(dtype=np.float64):.4f} Grad")

# %% [markdown]
# ## Ein Speicher für den Block
#
# Mit `cuda.atomic.add` könnte jedes Pixel direkt auf die Summe addiert werden. Dann stehen aber alle Threads der GPU
# vor derselben Stelle an. Besser rechnet erst jeder Block für sich, und nur sein Ergebnis wandert weiter.
#
# Dazu hat jeder Block einen eigenen kleinen Speicher, den **Shared Memory**. Er liegt dicht bei den Recheneinheiten und
# ist viel schneller als der globale Speicher. Andere Blöcke sehen ihn nicht, und am Ende des Blocks ist er weg.
#
# ![Zwei umrahmte Blöcke mit je vier Threads, 0 bis 3. In jedem Block führen Pfeile in beide Richtungen zwischen den Threads und einem Kasten shared. Darunter liegt ein langer Kasten global; mit ihm ist jeder der beiden Kästen shared in beide Richtungen verbunden.](figures/memories.svg)
#
# `cuda.shared.array(64, np.float32)` legt ein Array an, das alle Threads des Blocks gemeinsam haben. Seine Größe muss
# eine feste Zahl sein, die beim Übersetzen bekannt ist. Am Anfang steht darin irgendetwas; verlass dich nicht auf
# Nullen.
#
# Der Kernel unten dreht eine Zeile aus 64 Pixeln um. Jeder Thread legt sein Pixel ab und holt sich das eines anderen.
#
# **Was erwartest du?** Stimmt das Ergebnis, und hat die emulierte GPU etwas auszusetzen? Schreib beides auf.


# %%
@cuda.jit
def turn_around(row, out):
    shared = cuda.shared.array(64, np.float32)
    t = cuda.threadIdx.x
    shared[t] = row[t]
    out[t] = shared[63 - t]


row = cuda.to_device(heat[:64])
turned = cuda.to_device(np.zeros(64, np.float32))
turn_around[1, 64](row, turned)
print("das Ergebnis stimmt:", np.array_equal(turned.copy_to_host(), heat[:64][::-1]))

# %% [markdown]
# ## Die Barriere
#
# Thread 0 liest, was Thread 63 abgelegt hat. Aber hat der das schon getan? Die 64 Threads sind zwei Warps, und keiner
# wartet auf den anderen. Das ist ein Wettlauf, ganz gleich, was bei diesem Lauf herauskam.
#
# `cuda.syncthreads()` ist eine **Barriere**: Wer dort ankommt, wartet, bis alle Threads seines Blocks da sind. Was
# davor geschrieben wurde, können danach alle lesen.


# %%
@cuda.jit
def turn_around_safely(row, out):
    shared = cuda.shared.array(64, np.float32)
    t = cuda.threadIdx.x
    shared[t] = row[t]
    cuda.syncthreads()
    out[t] = shared[63 - t]


turn_around_safely[1, 64](row, turned)
print("das Ergebnis stimmt:", np.array_equal(turned.copy_to_host(), heat[:64][::-1]))

# %% [markdown]
# Zwei Regeln gehören dazu:
#
# * **Alle** Threads des Blocks müssen zur Barriere kommen. In einem `if`, das nur manche betreten, hat sie nichts zu
#   suchen. Sonst warten die einen auf die anderen, vielleicht für immer.
# * Sie gilt für **einen** Block. Auf andere Blöcke kann ein Kernel so nicht warten.
#
# Bleiben wenigstens die 32 Threads *eines* Warps immer beieinander? Auf alten GPUs war das so. Seit der Generation
# Volta hat jeder Thread seinen eigenen Befehlszähler, und verlassen darfst du dich darauf nicht mehr.

# %% [markdown]
# ## Ein Baum statt einer Schlange
#
# Wie addieren 256 Threads ihre Werte? Nicht nacheinander, sondern paarweise. In jedem Schritt addiert die vordere
# Hälfte der Werte die hintere Hälfte zu sich. Der Abstand der Partner heißt `stride`. Mit acht Werten sieht das so aus:
#
# ![Vier Zeilen mit je acht Kästen. Oben stehen 3, 1, 4, 1, 5, 9, 2, 6. Mit stride gleich 4 führen Pfeile von je zwei Kästen im Abstand 4 in die vorderen vier: 8, 10, 6, 7. Mit stride gleich 2 werden die vorderen zwei zu 14 und 17. Mit stride gleich 1 wird der erste zu 31. Kästen, die nicht mehr mitmachen, sind gestrichelt.](figures/tree.svg)
#
# **Was erwartest du?** Wie viele Schritte braucht ein Block mit 256 Werten und wie viele einer mit 1024? Schreib zwei
# Zahlen auf.

# %%
for count in (8, 256, 1024):
    values, stride, steps = list(range(count)), count // 2, 0
    while stride > 0:
        for t in range(stride):
            values[t] += values[t + stride]
        stride, steps = stride // 2, steps + 1
    print(f"{count:5} Werte: {steps:2} Schritte, Summe {values[0]} (richtig: {sum(range(count))})")

# %% [markdown]
# Hier läuft die innere Schleife noch auf dem Host, ein `t` nach dem anderen. In einem Kernel ist `t` der Thread, und
# alle `t` eines Schritts laufen zugleich. Der nächste Schritt liest, was dieser geschrieben hat. Was muss also zwischen
# den beiden stehen?

# %% [markdown]
# ## Aufgabe 1: block_sum
#
# Schreibe einen Kernel, in dem jeder Block seine Pixel addiert. Block `b` schreibt seine Summe nach `partial[b]`.
#
# * Der Start hat 256 Threads je Block und so viele Blöcke, wie `heat` braucht. Thread `i` des Grids hat Pixel `i`.
# * Die Länge von `heat` ist kein Vielfaches von 256 und kann kleiner als ein Block sein.
# * `partial` enthält am Anfang irgendetwas.


# %% nbgrader={"grade_id": "block_sum", "solution": true}
@cuda.jit
def block_sum(heat, partial):
    # Dein Code: ablegen, im Baum addieren, und einer schreibt.
    pass


# %% [markdown]
# Prüfe deinen Kernel, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Größen.

# %% nbgrader={"grade_id": "block_sum-test", "grade": true, "locked": true, "points": 6}
import checks

checks.block_sum(block_sum)
### BEGIN HIDDEN TESTS
import exam

exam.block_sum(block_sum)
### END HIDDEN TESTS

# %%
checks.block_sum_hint()

# %% [markdown]
# ## Der zweite Start
#
# Aus 1000 Pixeln sind vier Teilsummen geworden, eine für jeden Block. Wer addiert die? Blöcke können nicht aufeinander
# warten, aber ein Start kann es: Ein Kernel beginnt erst, wenn der vorige fertig ist. Also rufst du denselben Kernel
# noch einmal, diesmal mit den Teilsummen und einem einzigen Block. Solange deiner leer ist, kommt 0 heraus.

# %%
partial, result = cuda.to_device(np.zeros(4, np.float32)), cuda.to_device(np.zeros(1, np.float32))
block_sum[4, 256](pixels, partial)
block_sum[1, 256](partial, result)
print(f"im Mittel {result.copy_to_host()[0] / 1000:.4f} Grad")

# %% [markdown]
# Das geht auch für große Bilder: 256 · 256 = 65.536 Pixel reichen zwei Starts, für 16 Millionen drei.
#
# ## Wer arbeitet noch?
#
# Die Partner könnten auch nebeneinander liegen: erst Abstand 1, dann 2, dann 4. Beide Bäume haben gleich viele Schritte
# und Additionen. Die zwei Kernel unten addieren je 256 Pixel, und `inspect` zeigt, was der zweite Warp getan hat, also
# Warp 1.
#
# **Was erwartest du?** In welchem Baum hat ein Warp öfter Threads, die nichts zu tun haben? Sieh dir nach dem Lauf
# jeweils das letzte Bild an, „Threads bei der Arbeit“.


# %%
@cuda.jit
def neighbours(heat, out):
    shared = cuda.shared.array(256, np.float32)
    t = cuda.threadIdx.x
    shared[t] = heat[t]
    stride = 1
    while stride < 256:
        cuda.syncthreads()
        if t % (2 * stride) == 0:
            shared[t] += shared[t + stride]
        stride *= 2
    if t == 0:
        out[0] = shared[0]


@cuda.jit
def halves(heat, out):
    shared = cuda.shared.array(256, np.float32)
    t = cuda.threadIdx.x
    shared[t] = heat[t]
    stride = 128
    while stride > 0:
        cuda.syncthreads()
        if t < stride:
            shared[t] += shared[t + stride]
        stride //= 2
    if t == 0:
        out[0] = shared[0]


inspect(neighbours, warp=1)[1, 256](pixels, result)

# %%
inspect(halves, warp=1)[1, 256](pixels, result)

# %% [markdown]
# Mit Nachbarn als Partnern arbeitet schon im ersten Schritt in **jedem** Warp nur jeder zweite Thread, dann jeder
# vierte. Mit Hälften arbeitet ein Warp ganz, oder er hat ganz frei und andere Blöcke können rechnen. Erst in den
# letzten fünf Schritten ist ein Warp nur zum Teil besetzt, und das ist dann ein einziger. Darum nimmt man die Hälften.

# %% [markdown]
# ## Nicht jeder Block lässt sich halbieren
#
# 256 ist eine Zweierpotenz, 96 nicht: 96, 48, 24, 12, 6, 3 und dann? `3 // 2` ist 1, und der dritte Wert bleibt liegen.
#
# **Was erwartest du?** Wie viele der 96 Pixel fehlen am Ende in der Summe? Schreib deine Zahl auf.

# %%
values, stride = [{place} for place in range(96)], 48
while stride > 0:
    for t in range(stride):
        values[t] |= values[t + stride]
    stride //= 2
print(f"{96 - len(values[0])} von 96 Pixeln fehlen, zum Beispiel {sorted(set(range(96)) - values[0])[-3:]}")

# %% [markdown]
# Ein Drittel fehlt, denn in dem Wert, der liegen blieb, steckten schon 32 Pixel. Abhilfe: Runde die Hälfte **auf**. Aus
# 3 Werten werden 2; der erste bekommt den dritten dazu, und der zweite hat keinen Partner und bleibt, wie er ist.
#
# Eine zweite Falle sind die Threads ohne Pixel. Bei einer Summe legen sie 0 ab, das ändert nichts. Ein Minimum oder
# Maximum kann eine 0 aber sehr wohl ändern. Dort brauchst du einen Wert, der nie gewinnt, oder einen, der sowieso im
# Block vorkommt.

# %% [markdown]
# ## Aufgabe 2: spread
#
# Wo das Werkzeug reibt, liegen Heiß und Kalt dicht beieinander. Jeder Block sieht sich einen Streifen des Bildes an: so
# viele Pixel, wie er Threads hat. Der **Unterschied** eines Streifens ist sein größter Rohwert minus sein kleinster.
#
# Schreibe einen Kernel, der den größten Unterschied aller Streifen findet:
#
# * `raw` enthält ganze Zahlen (`int32`), auch negative. Der letzte Streifen kann kürzer sein.
# * Ein Block hat höchstens 256 Threads, und das muss keine Zweierpotenz sein. Seine Größe steht in `cuda.blockDim.x`.
# * `widest` hat ein Element. Hinterher steht darin der größte Unterschied, oder es behält seinen Wert, wenn der größer
#   ist.
#
# Der Start hat gerade so viele Blöcke, wie das Bild braucht.


# %% nbgrader={"grade_id": "spread", "solution": true}
@cuda.jit
def spread(raw, widest):
    # Dein Code: zwei Bäume in einem, und am Ende treffen sich die Blöcke.
    pass


# %% nbgrader={"grade_id": "spread-test", "grade": true, "locked": true, "points": 5}
import checks

checks.spread(spread)
### BEGIN HIDDEN TESTS
import exam

exam.spread(spread)
### END HIDDEN TESTS

# %%
checks.spread_hint()

# %% [markdown]
# ## Warum die Reihenfolge zählt
#
# Ganze Zahlen kannst du in jeder Reihenfolge addieren. `float32` hat nur etwa sieben Stellen, und nach jeder Addition
# wird gerundet. Unten wird eine Million Mal 60,1 addiert. Erst einer nach dem anderen, wie es `cumsum` von NumPy tut,
# dann im Baum.
#
# **Was erwartest du?** Um wie viel Grad liegt das Mittel bei beiden Wegen daneben?

# %%
many = np.full(1_000_000, 60.1, np.float32)
one_by_one = np.cumsum(many)[-1]
values = many
while values.size > 1:
    half = (values.size + 1) // 2
    values = np.concatenate([values[: values.size // 2] + values[half:], values[values.size // 2 : half]])
for name, value in (("der Reihe nach", one_by_one), ("im Baum", values[0]), ("in float64", many.sum(dtype=np.float64))):
    print(f"{name:14} Mittel {value / 1_000_000:.5f}")

# %% [markdown]
# Wer nacheinander addiert, legt bald zu einer sehr großen Summe eine kleine Zahl. Deren hintere Stellen fallen dabei
# jedes Mal weg, immer in dieselbe Richtung. Im Baum treffen sich Zahlen, die etwa gleich groß sind. Er ist also nicht
# nur schneller, sondern auch genauer.
#
# Auch `cuda.atomic.add` auf ein `float32` addiert nacheinander, noch dazu in einer Reihenfolge, die niemand festlegt.
# Für jedes Pixel einzeln wird das schnell ungenau.

# %% [markdown]
# ## Aufgabe 3: Finde die Fehler
#
# Dieser Kernel ist der erste von zwei Starts für eine Gesamtsumme. Er läuft immer mit 4 Blöcken zu 128 Threads, ganz
# gleich, wie groß das Bild ist. Jeder Thread sammelt erst in einer Grid-Stride-Schleife. Dann addiert der Block im
# Baum, und Block `b` schreibt seine Summe nach `partial[b]`.
#
# Zwei Fehler sind darin. Der eine macht die Summen falsch. Der andere fällt nur manchmal auf, und die Prüfung nennt dir
# seine Zeile. Behebe beide, und behalte den Baum: Die Summen sollen genau bleiben, auch bei großen Bildern.


# %% nbgrader={"grade_id": "total", "solution": true}
@cuda.jit
def total(heat, partial):
    shared = cuda.shared.array(128, np.float32)
    t = cuda.threadIdx.x
    own = np.float32(0)
    for i in range(cuda.grid(1), heat.shape[0], cuda.gridsize(1)):
        own += heat[i]
    shared[t] = own
    cuda.syncthreads()
    stride = 64
    while stride > 1:
        if t < stride:
            shared[t] += shared[t + stride]
        if stride > 32:
            cuda.syncthreads()
        stride //= 2
    if t == 0:
        partial[cuda.blockIdx.x] = shared[0]


# %% nbgrader={"grade_id": "total-test", "grade": true, "locked": true, "points": 5}
import checks

checks.total(total)
### BEGIN HIDDEN TESTS
import exam

exam.total(total)
### END HIDDEN TESTS

# %%
checks.total_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Ein Kollege lässt jeden Block seine Summe mit `cuda.atomic.add` auf ein einziges `float32` addieren. Auf einer GPU
# läuft das zweimal mit demselben Bild, und die letzte Stelle ist beim zweiten Mal anders. Ist das ein Wettlauf? Woher
# kommt der Unterschied, und was schlägst du vor, wenn jede Stelle gleich sein muss? Drei oder vier Sätze. Ein Mensch
# liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why-digits", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * Shared Memory gehört einem Block. Er ist schnell, klein und am Anfang nicht leer.
# * Zwischen Schreiben und Lesen durch verschiedene Threads steht `cuda.syncthreads()`, und alle Threads kommen hin.
#   Auch in einem Warp.
# * Ein Baum macht aus `n` Werten in etwa log₂(`n`) Schritten einen. Runde die Hälfte auf, wenn die Größe keine
#   Zweierpotenz ist.
# * Wer kein Pixel hat, legt einen Wert ab, der nichts ändert: 0 für Summen, aber nicht für Minimum und Maximum.
# * Blöcke treffen sich durch einen zweiten Start oder durch eine atomare Operation je Block.
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: Shared Memory und Synchronisation (englisch)](https://nvidia.github.io/numba-cuda/user/memory.html)
# * [CUDA Programming Guide von NVIDIA, mit einem Teil über Shared Memory und Barrieren (englisch)](https://docs.nvidia.com/cuda/cuda-programming-guide/)
