# %% [markdown]
# # Kacheln im Shared Memory
#
# Um ein Bild zu entrauschen, brauchst du zu jedem Pixel die Nachbarn. Um es zu drehen, schreibst du Zeilen, die Spalten
# waren. Bei beidem bewegt ein einfacher Kernel viel mehr Speicher, als das Bild hat. In dieser Einheit holt sich ein
# Block einmal eine **Kachel** des Bildes, und seine Threads arbeiten dann auf ihr.
#
# Danach kannst du
#
# * eine Kachel mit ihrem Halo in den Shared Memory laden, für Bilder jeder Form;
# * eine Kachel so austauschen, dass ein Block benachbarte Pixel liest und benachbarte schreibt;
# * Bankkonflikte erkennen und mit einem Füllplatz vermeiden;
# * begründen, wann sich eine Kachel lohnt.
#
# Du brauchst etwa 60 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import numpy as np
from numba import cuda

from grader.checks import inspect

rng = np.random.default_rng(14)
y, x = np.mgrid[0:64, 0:96]
heat = (24 + 50 * np.exp(-((x - 60) ** 2 + (y - 20) ** 2) / 200) + rng.normal(0, 0.3, (64, 96))).astype(np.float32)
image = cuda.to_device(heat)
print(f"{heat.size} Pixel sind {heat.nbytes // 32} Sektoren, von {heat.min():.0f} bis {heat.max():.0f} Grad")

# %% [markdown]
# ## Neunmal lesen für ein Pixel
#
# Ein Pixel der Wärmebildkamera liegt immer ein paar Zehntel Grad daneben, mal nach oben, mal nach unten. Der Mittelwert
# aus einem Pixel und seinen acht Nachbarn liegt viel weniger daneben. Der Kernel unten bildet ihn, mit einem Thread für
# jedes Pixel. Außerhalb des Bildes zählt das nächste Pixel am Rand.
#
# **Was erwartest du?** Bild und Ergebnis haben je 768 Sektoren. Wie viele Sektoren bewegt der Kernel? Schreib deine
# Zahl auf. Sie steht in der letzten Zeile unter den Bildern.


# %%
@cuda.jit
def smooth_plain(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        total = np.float32(0)
        for row in range(y - 1, y + 2):
            for column in range(x - 1, x + 2):
                total += image[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
        out[y, x] = total / np.float32(9)


out = cuda.to_device(np.zeros_like(heat))
inspect(smooth_plain)[(3, 8), (32, 8)](image, out)

# %% [markdown]
# Er bewegt 8448 Sektoren statt 1536. Benachbarte Threads lesen benachbarte Pixel, die Zugriffe liegen also gut. Es sind
# nur zu viele: Jedes Pixel wird neunmal geholt, und zwar von Threads, die meist im selben Block sind. Auf einer echten
# GPU fangen Caches einen Teil davon ab. Mit einer Kachel musst du darauf nicht hoffen.
#
# ## Eine Kachel mit Halo
#
# Ein Block aus 32 × 8 Threads braucht seine 32 × 8 Pixel und rundherum einen Rand, der ein Pixel breit ist. Dieser Rand
# heißt **Halo**. Zusammen ist das eine Kachel aus 34 × 10 Pixeln:
#
# ![Ein Raster aus 10 mal 6 Kästchen. Die inneren 8 mal 4 Kästchen sind einfarbig, dick umrahmt und heißen Block. Der Rand um sie herum, ein Kästchen breit, ist schraffiert und heißt Halo. Ein Kästchen im Rahmen trägt einen Punkt, und um die 3 mal 3 Kästchen um dieses herum läuft eine gestrichelte Linie.](figures/halo.svg)
#
# Der Block holt die Kachel einmal, wartet an einer Barriere, und dann nimmt sich jeder Thread seine neun Werte aus dem
# Shared Memory.
#
# **Was erwartest du?** Wie viele Pixel der Kachel kommen auf ein Pixel des Ergebnisses? Bei welchem dieser Blöcke sind
# es am wenigsten: 32 × 8, 16 × 16, 8 × 8 oder 32 × 32?

# %%
for across, down in ((32, 8), (16, 16), (8, 8), (32, 32)):
    tile = (across + 2) * (down + 2)
    print(f"{across:2} x {down:2}: {tile:4} Pixel für {across * down:4}, je {tile / (across * down):.2f}")

# %% [markdown]
# Statt neun Lesezugriffen bleiben zwischen 1,13 und 1,56. Je größer der Block, desto kleiner ist der Anteil des Halos.
#
# ## Wer holt den Halo?
#
# Die Kachel hat 340 Plätze, der Block hat 256 Threads. Bei einem Histogramm im Shared Memory laufen die Threads eines
# Blocks in Schritten von `blockDim` über die Fächer. Bei einer Kachel geht es genauso, in beiden Achsen.
#
# **Was erwartest du?** Welche Spalten der Kachel holt Thread-Spalte 0, und welche Thread-Spalte 5? Welche Zeilen holt
# Thread-Zeile 1?

# %%
for tx in (0, 1, 2, 5):
    print(f"Thread-Spalte {tx} holt die Spalten {list(range(tx, 34, 32))}")
for ty in (0, 1, 2, 5):
    print(f"Thread-Zeile {ty} holt die Zeilen {list(range(ty, 10, 8))}")

# %% [markdown]
# Jeder Platz der Kachel kommt genau einmal vor, auch die Ecken. Platz (0, 0) der Kachel ist *nicht* das erste Pixel des
# Blocks, sondern liegt eins links davon und eins darüber. Im Bild ist das also Spalte `32 * blockIdx.x - 1`.
#
# ## Am Rand des Bildes
#
# Im ersten Block ist das Spalte -1. Python zählt negative Zahlen vom Ende her, und Numba tut das im Kernel auch: Er
# würde die **letzte** Spalte lesen, ohne dass sich jemand beschwert. Hinter der letzten Spalte hört das Array einfach
# auf.
#
# `min(max(x, 0), width - 1)` macht aus jeder Zahl draußen die nächste Spalte drinnen. Das heißt **klemmen**.
#
# **Was erwartest du?** Ein Bild ist 40 Spalten breit. Welche Spalte holt der zweite Block auf Platz 9 einer Zeile
# seiner Kachel, und welche auf Platz 33?

# %%
width, left = 40, 32 * 1 - 1
for column in (0, 1, 7, 8, 9, 10, 33):
    print(f"Platz {column:2} der Kachel: Spalte {left + column:2}, geklemmt {min(max(left + column, 0), width - 1):2}")

# %% [markdown]
# Platz 9 ist der Halo der letzten Spalte. Die Plätze 10 bis 33 braucht in diesem Bild niemand, aber geklemmt darf man
# sie trotzdem holen. Vor dem Lesen muss also kein Thread fragen. Er muss nur fragen, bevor er schreibt.

# %% [markdown]
# ## Aufgabe 1: smooth
#
# Schreibe einen Kernel, der jedes Pixel mit seinen acht Nachbarn mittelt, über eine Kachel:
#
# * Außerhalb des Bildes zählt das nächste Pixel am Rand. Jeder Mittelwert ist also einer aus neun Werten.
# * Höhe und Breite sind beliebige Zahlen ab 1.
# * Der Start hat Blöcke aus 32 × 8 Threads, gerade so viele, wie das Bild braucht.
# * Jeder Block holt seine Kachel einmal aus dem globalen Speicher.


# %% nbgrader={"grade_id": "smooth", "solution": true}
@cuda.jit
def smooth(image, out):
    # Dein Code: die Kachel mit ihrem Halo holen, warten, mitteln.
    pass


# %% [markdown]
# Prüfe deinen Kernel, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Größen. Ohne GPU vergleicht
# die letzte Zeile der Prüfung den Speicherverkehr: Um welchen Faktor bewegt `smooth_plain` mehr Sektoren?

# %% nbgrader={"grade_id": "smooth-test", "grade": true, "locked": true, "points": 6}
import checks

checks.smooth(smooth)
### BEGIN HIDDEN TESTS
import exam

exam.smooth(smooth)
### END HIDDEN TESTS

# %%
checks.smooth_hint()

# %% [markdown]
# Wie viele Sektoren bewegt dein Kernel für unser Bild? Solange er leer ist, sind es keine.

# %%
inspect(smooth)[(3, 8), (32, 8)](image, out)

# %% [markdown]
# ## Aus Zeilen werden Spalten
#
# Die zweite Kamera ist quer eingebaut. Ihre Bilder müssen eine Vierteldrehung nach links machen:
#
#     1 2 3         3 6
#     4 5 6   ->    2 5
#                   1 4
#
# Ein Pixel aus Zeile `y` und Spalte `x` kommt in Zeile `width - 1 - x` und Spalte `y`.
#
# **Was erwartest du?** Die 32 Threads eines Warps haben 32 benachbarte Pixel einer Zeile. Wie viele Sektoren berühren
# sie beim Lesen und wie viele beim Schreiben?


# %%
@cuda.jit
def turn_left_plain(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        out[width - 1 - x, y] = image[y, x]


turned = cuda.to_device(np.zeros((96, 64), np.float32))
inspect(turn_left_plain)[(3, 2), (32, 32)](image, turned)

# %% [markdown]
# Beim Lesen sind es 4 Sektoren, beim Schreiben 32, denn was im Ergebnis untereinander steht, liegt im Speicher weit
# auseinander. Von jedem Sektor mit 32 Byte werden 4 benutzt. Verteilst du die Threads andersherum, schreiben sie gut
# und lesen schlecht.
#
# Hier wird nichts zweimal gelesen. Trotzdem hilft eine Kachel: Im Shared Memory ist es gleich, ob du eine Zeile
# entlanggehst oder eine Spalte hinunter. Der Block **liest Zeilen** des Bildes in die Kachel und **schreibt** aus ihr
# **Zeilen** des Ergebnisses:
#
# ![Drei Quadrate aus 3 mal 3 Kästchen. Im linken, image, stehen zeilenweise 1 2 3, 4 5 6 und 7 8 9; seine erste Zeile ist umrahmt. Ein Pfeil führt zum mittleren, tile, mit denselben Zahlen; dessen letzte Spalte, 3 6 9, ist umrahmt. Ein zweiter Pfeil führt zum rechten, out, mit den Zeilen 3 6 9, 2 5 8 und 1 4 7; dessen erste Zeile ist umrahmt.](figures/turn.svg)
#
# Ein Thread wechselt dafür zwischen Lesen und Schreiben seine Rolle. Er liest für den Platz `[ty, tx]` der Kachel und
# schreibt, was auf `[tx, ty]` steht. Auch der **Block** wechselt die Rolle: Was im Bild seine Zeile von Blöcken war,
# ist im Ergebnis eine Spalte von Blöcken.
#
# * Lesen: Spalte `left + tx` und Zeile `top + ty` des Bildes, mit `left = 32 * blockIdx.x` und `top = 32 * blockIdx.y`.
# * Schreiben: Zeile `width - 1 - (left + ty)` und Spalte `top + tx` des Ergebnisses.
#
# So ist `tx` beide Male der letzte Index: benachbarte Threads, benachbarter Speicher. Und beides braucht seinen eigenen
# Wächter, denn am Rand des Bildes lesen andere Threads als die, die schreiben.
#
# ## Bänke
#
# Der Shared Memory besteht aus 32 **Bänken**, jede 4 Byte breit. Wort `i` liegt in Bank `i % 32`. Eine Bank bedient in
# einer Runde ein Wort. Wollen die Threads eines Warps verschiedene Wörter derselben Bank, stehen sie Schlange. Das
# heißt **Bankkonflikt**.
#
# ![Zwei Zeichnungen mit vier Bänken als Spalten. Links eine Kachel aus 4 mal 4: Ihre erste Spalte, umrahmt, liegt viermal in Bank 0, darunter steht 4 mal. Rechts eine Kachel aus 4 mal 5, deren letzte Spalte schraffiert ist: Ihre erste Spalte, umrahmt, rückt mit jeder Zeile eine Bank weiter, darunter steht 1 mal.](figures/banks.svg)
#
# Nun hat eine Kachel 32 Spalten. **Was erwartest du?** In wie vielen Bänken liegt eine *Spalte* von ihr? Und wie viele
# sind es, wenn jede Zeile einen Platz mehr hat, den niemand benutzt?

# %%
for columns in (32, 33, 34, 36):
    banks = {row * columns % 32 for row in range(32)}
    print(f"{columns} Plätze je Zeile: eine Spalte liegt in {len(banks):2} Bänken, {32 // len(banks):2} Runden")

# %% [markdown]
# Den Platz, den niemand benutzt, nennt man **Padding**. Er kostet insgesamt 128 Byte, und die 32 Wörter der Spalte
# liegen in 32 Bänken. Die beiden Kernel unten holen nur eine Spalte aus einer Kachel. Sieh dir jeweils das letzte Bild
# mit Bänken an: Wie viele Runden braucht der Warp?


# %%
@cuda.jit
def column_of_32(out):
    tile = cuda.shared.array((32, 32), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    tile[ty, tx] = tx
    cuda.syncthreads()
    out[ty, tx] = tile[tx, ty]


@cuda.jit
def column_of_33(out):
    tile = cuda.shared.array((32, 33), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    tile[ty, tx] = tx
    cuda.syncthreads()
    out[ty, tx] = tile[tx, ty]


small = cuda.to_device(np.zeros((32, 32), np.float32))
inspect(column_of_32)[1, (32, 32)](small)

# %%
inspect(column_of_33)[1, (32, 32)](small)

# %% [markdown]
# ## Aufgabe 2: turn_left
#
# Schreibe einen Kernel, der ein Bild um ein Viertel nach links dreht, über eine Kachel:
#
# * `out[width - 1 - x, y]` ist `image[y, x]`. Das Ergebnis hat die Form `(width, height)`.
# * Höhe und Breite sind beliebige Zahlen ab 1.
# * Der Start hat Blöcke aus 32 × 32 Threads, gerade so viele, wie `image` braucht.
# * Ein Warp liest benachbarte Pixel einer Zeile und schreibt benachbarte Pixel einer Zeile.
# * Es gibt keine Bankkonflikte.


# %% nbgrader={"grade_id": "turn_left", "solution": true}
@cuda.jit
def turn_left(image, out):
    # Dein Code: Welcher Thread liest was, und welcher schreibt es?
    pass


# %% nbgrader={"grade_id": "turn_left-test", "grade": true, "locked": true, "points": 7}
import checks

checks.turn_left(turn_left)
### BEGIN HIDDEN TESTS
import exam

exam.turn_left(turn_left)
### END HIDDEN TESTS

# %%
checks.turn_left_hint()

# %% [markdown]
# ## Aufgabe 3: Finde die Fehler
#
# Wie breitet sich die Wärme im Werkstück aus? In einem kurzen Zeitschritt nähert sich jedes Pixel seinen vier Nachbarn
# ein wenig an. Zu seinem Wert kommt `rate` mal die Summe der Nachbarn minus viermal sein eigener Wert. Außerhalb des
# Bildes zählt das Pixel am Rand, dort geht also keine Wärme verloren.
#
# Der Kernel unten rechnet einen solchen Schritt. Er hat Blöcke aus 32 × 8 Threads und eine Kachel mit Halo, aber ohne
# Ecken, denn die braucht man nicht. Den Halo holen die Threads am Rand des Blocks. Zwei Fehler sind darin:
#
# * Der eine zeigt sich bei Bildern, deren Breite kein Vielfaches von 32 ist.
# * Der andere zeigt sich nur manchmal. Die Prüfung nennt dir seine Zeile.
#
# Behebe beide und behalte die Kachel.


# %% nbgrader={"grade_id": "heat_step", "solution": true}
@cuda.jit
def heat_step(heat, rate, out):
    tile = cuda.shared.array((10, 34), np.float32)
    tx, ty = cuda.threadIdx.x + 1, cuda.threadIdx.y + 1
    x, y = cuda.grid(2)
    height, width = heat.shape
    inside = x < width and y < height
    if inside:
        tile[ty, tx] = heat[y, x]
        if tx == 1:
            tile[ty, 0] = heat[y, max(x - 1, 0)]
        if tx == 32:
            tile[ty, 33] = heat[y, min(x + 1, width - 1)]
        if ty == 1:
            tile[0, tx] = heat[max(y - 1, 0), x]
        if ty == 8 or y == height - 1:
            tile[ty + 1, tx] = heat[min(y + 1, height - 1), x]
    if inside:
        around = tile[ty, tx - 1] + tile[ty, tx + 1] + tile[ty - 1, tx] + tile[ty + 1, tx]
        out[y, x] = tile[ty, tx] + rate * (around - np.float32(4) * tile[ty, tx])


# %% nbgrader={"grade_id": "heat_step-test", "grade": true, "locked": true, "points": 6}
import checks

checks.heat_step(heat_step)
### BEGIN HIDDEN TESTS
import exam

exam.heat_step(heat_step)
### END HIDDEN TESTS

# %%
checks.heat_step_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Ein Kollege baut in den Kernel, der das Dunkelbild abzieht, eine Kachel ein: Jeder Thread legt sein Pixel in den
# Shared Memory, kommt zu einer Barriere, nimmt es wieder heraus und zieht ab. Wird der Kernel schneller? Nenne die
# beiden Gründe für eine Kachel, die du in dieser Einheit kennengelernt hast, mit je einem Kernel. Drei oder vier Sätze.
# Ein Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why-tiles", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * Eine Kachel lohnt sich, wo mehrere Threads dasselbe Pixel brauchen oder wo Lesen und Schreiben verschiedene
#   Richtungen haben.
# * Zwei Schleifen mit den Schritten des Blocks holen eine Kachel jeder Größe, samt Halo und Ecken.
# * Klemmen vor dem Lesen, Wächter vor dem Schreiben, und zwischen Holen und Benutzen steht eine Barriere für alle.
# * Beim Drehen wechseln Threads *und* Blöcke ihre Rolle, und Lesen und Schreiben haben je einen Wächter.
# * Eine Spalte einer Kachel mit 32 Plätzen je Zeile liegt in einer Bank. Mit einem Platz mehr je Zeile liegt sie in 32.
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: Shared Memory und Synchronisation (englisch)](https://nvidia.github.io/numba-cuda/user/memory.html)
# * [NVIDIAs CUDA Best Practices Guide: Shared Memory und seine Bänke
#   (englisch)](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#shared-memory)
