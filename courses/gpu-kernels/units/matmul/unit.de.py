# %% [markdown]
# # Matrixprodukte in Kacheln
#
# Das Werkstück wird im Takt erwärmt, und die Kamera filmt, wie es folgt. Wo unter der Oberfläche ein Riss liegt, kommt
# die Wärme später zurück. Um das zu sehen, vergleicht man den Film jedes Pixels mit einigen Wellen. Alle diese
# Vergleiche zusammen sind **ein Matrixprodukt**, der wichtigste Kernel überhaupt.
#
# Danach kannst du
#
# * ein Matrixprodukt in Kacheln schreiben, für Matrizen jeder Form;
# * begründen, warum jeder Schritt zwei Barrieren braucht;
# * mit einem Produkt verbinden, was davor und danach geschieht, und dabei in `float32` bleiben;
# * ausrechnen, wie oft ein Kernel jede Zahl holt.
#
# Du brauchst etwa 60 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import numpy as np
from numba import cuda

from grader.checks import inspect

rng = np.random.default_rng(15)
beat = 2 * np.pi * np.arange(48) / 16
waves = np.array([np.sin(beat), np.cos(beat), np.sin(2 * beat), np.cos(2 * beat)]).astype(np.float32)
late = np.where(np.arange(64) // 8 == 3, 1.2, 0.0)
film = (np.sin(beat[:, None] - late) + rng.normal(0, 0.3, (48, 64))).astype(np.float32)
print(f"Wellen {waves.shape}, Film {film.shape}: 48 Bilder, 64 Pixel, und in den Pixeln 24 bis 31 kommt die Wärme spät")

# %% [markdown]
# ## Zeile mal Spalte
#
# `film` hat eine Zeile für jedes Bild und eine Spalte für jedes Pixel. Eine Zeile von `waves` ist eine Welle mit so
# vielen Werten, wie es Bilder gibt. Wie viel von der Welle steckt in einem Pixel? Multipliziere Bild für Bild und
# addiere: Zeile mal Spalte.
#
# ![Eine Matrix a aus 3 mal 4 Kästchen, rechts davon eine Matrix c aus 3 mal 5 Kästchen, und über c eine Matrix b aus 4 mal 5 Kästchen. Die zweite Zeile von a ist umrahmt und die vierte Spalte von b. Wo sie sich in c treffen, ist ein Kästchen gestrichelt umrahmt und trägt einen Punkt.](figures/product.svg)
#
# Für jede Zeile von `a` und jede Spalte von `b` gibt das eine Zahl von `c = a · b`. In NumPy heißt das `a @ b`. Die
# innere Länge, hier 48, muss übereinstimmen: `a` hat so viele Spalten wie `b` Zeilen.

# %%
answer = waves @ film
phase = np.arctan2(-answer[1], answer[0])
print("Phase der ersten Welle, Pixel 20 bis 35:", phase[20:36].round(1))

# %% [markdown]
# Die acht Pixel mit der späten Wärme heben sich ab, trotz des Rauschens. Das heißt **Lock-in-Thermografie**.
#
# ## Ein einfacher Kernel, und was er holt
#
# Ein Thread für jede Zahl des Ergebnisses: Seine Spalte ist `x`, seine Zeile ist `y`.
#
# **Was erwartest du?** Wir multiplizieren zwei Matrizen aus 64 × 64 Zahlen. Wie oft holt der Kernel jede Zahl von `a`?


# %%
@cuda.jit
def matmul_plain(a, b, c):
    column, row = cuda.grid(2)
    if row < c.shape[0] and column < c.shape[1]:
        total = np.float32(0)
        for k in range(a.shape[1]):
            total += a[row, k] * b[k, column]
        c[row, column] = total


square = rng.uniform(-1, 1, (64, 64)).astype(np.float32)
a, b, c = (cuda.to_device(square) for _ in range(3))
inspect(matmul_plain)[(2, 2), (32, 32)](a, b, c)

# %% [markdown]
# Jede Zahl von `a` wird für eine ganze Zeile von `c` gebraucht, also von 64 Threads. Davon sind je 32 im selben Warp,
# und dort reicht einmal Holen für alle. Jede Zahl von `a` wird also zweimal geholt. Jede Zahl von `b` wird für eine
# ganze Spalte gebraucht, von 64 Threads in 64 Warps, und wird 64-mal geholt. Zusammen bewegt der Kernel 41.472
# Sektoren, und die drei Matrizen haben 1536.
#
# ## Kachel für Kachel
#
# Die 32 × 32 Threads eines Blocks brauchen 32 Zeilen von `a` und 32 Spalten von `b`, in ganzer Länge. Das passt nicht
# in den Shared Memory, wenn die innere Länge groß ist. Eine Summe lässt sich aber in Teilen bilden. In jedem Schritt
# holt der Block eine Kachel von `a` und eine von `b`, addiert, was sie hergeben, und rückt eine Kachel weiter.
#
# ![Eine Matrix a mit zwei Zeilen aus drei Kacheln, rechts davon eine Matrix c mit zwei Zeilen aus zwei Kacheln, und über c eine Matrix b mit drei Zeilen aus zwei Kacheln. Die Kacheln der unteren Zeile von a tragen die Nummern 0, 1, 2, ebenso von oben nach unten die Kacheln der rechten Spalte von b. Die Kachel von c, wo sie sich treffen, ist umrahmt und trägt ein Plus. Von den letzten Kacheln, 2, ist je ein Teil schraffiert, denn er liegt außerhalb der Matrix.](figures/steps.svg)
#
# In Schritt 0 werden die Kacheln mit der Nummer 0 multipliziert, in Schritt 1 die mit der Nummer 1, und so weiter.
# Währenddessen behält jeder Thread seine Summe in einer eigenen Variablen.
#
# **Was erwartest du?** Wie viele Sektoren bewegt dasselbe Produkt aus 64 × 64 dann? Rechne es aus: Wie oft wird jede
# Kachel von `a` geholt und wie oft jede von `b`? Eine Kachel hat 128 Sektoren.

# %%
steps, blocks, tile = 64 // 32, 4, 32 * 32 * 4 // 32
fetched = blocks * steps * 2 * tile
print(f"{blocks} Blöcke, {steps} Schritte, 2 Kacheln zu {tile} Sektoren: {fetched} und {4 * tile} für das Ergebnis")

# %% [markdown]
# Jede Zahl wird zweimal geholt, einmal für jeden Block, der sie braucht, statt bis zu 64-mal. Die beiden Matrizen
# kosten 2048 Sektoren statt 40.960, ein Zwanzigstel. Der Rest geschieht im Shared Memory.
#
# ## Zwei Barrieren in jedem Schritt
#
# Ein Schritt hat zwei Teile: **holen** und **multiplizieren**. Was du multiplizierst, haben andere geholt, also steht
# nach dem Holen eine Barriere. Und nach dem Multiplizieren?
#
# ![Zwei Warps, Zeit nach rechts. Beide haben die Balken Holen 0, Multiplizieren 0, Holen 1, Multiplizieren 1, benannt mit einem Pfeil oder einem Malzeichen. Nach jedem Holen läuft eine dicke Linie durch beide. Warp 0 ist mit dem Multiplizieren zuerst fertig und beginnt mit Holen 1, während Warp 1 noch 0 multipliziert; diese Überschneidung ist gestrichelt umrahmt und trägt ein Ausrufezeichen.](figures/barriers.svg)
#
# Ein schneller Warp würde die Kachel überschreiben, mit der ein langsamer noch multipliziert. Darum steht am Ende des
# Schritts eine **zweite** Barriere. Fehlt sie, kommen bei kleinen Versuchen vielleicht selten oder nie falsche Zahlen
# heraus. Das macht sie zu einem der teuersten Fehler, und die emulierte GPU findet ihn jedes Mal.
#
# ## Die letzte Kachel
#
# Die innere Länge ist fast nie ein Vielfaches von 32. Dann liegt ein Teil der letzten Kachel außerhalb der Matrizen.
# Was muss auf diesen Plätzen stehen? Sie werden multipliziert und addiert wie alle anderen, also muss dort **0**
# stehen.
#
# **Was erwartest du?** Eine innere Länge von 40 braucht zwei Schritte. Was kommt heraus, wenn die Plätze draußen
# behalten, was Schritt 0 übrig ließ? Alle Zahlen sind hier 1, richtig wäre also 40.

# %%
inner = 40
for zeroed in (False, True):
    tile_a, tile_b, total = np.zeros(32), np.zeros(32), 0
    for first in range(0, inner, 32):
        for t in range(32):
            if first + t < inner:
                tile_a[t] = tile_b[t] = 1
            elif zeroed:
                tile_a[t] = tile_b[t] = 0
        total += tile_a @ tile_b
    print(f"Plätze draußen auf 0: {zeroed}, Summe {total:.0f}")

# %% [markdown]
# Der Kernel schreibt die Nullen also in *jedem* Schritt, nicht einmal vor der Schleife. Und Threads, deren Zeile oder
# Spalte außerhalb des Ergebnisses liegt? Auch die müssen in der Schleife bleiben: Sie holen für andere mit, und sie
# kommen zu den Barrieren. Nur schreiben dürfen sie nicht.

# %% [markdown]
# ## Aufgabe 1: matmul
#
# Schreibe einen Kernel, der `c = a · b` in Kacheln berechnet:
#
# * `a`, `b` und `c` sind `float32` mit den Formen `(m, k)`, `(k, n)` und `(m, n)`. Alle drei Zahlen dürfen beliebig
#   sein, ab 1, auch kleiner als eine Kachel.
# * Der Start hat Blöcke aus 32 × 32 Threads, gerade so viele, wie `c` braucht, mit x entlang der Spalten.
# * Die Summe wird in `float32` gebildet. Beginne sie mit `np.float32(0)`: Eine `0.0` wäre ein `float64`, und langsam.
# * Jeder Block holt jede seiner Kacheln einmal.


# %% nbgrader={"grade_id": "matmul", "solution": true}
@cuda.jit
def matmul(a, b, c):
    # Dein Code: holen, warten, multiplizieren, warten, und am Ende schreiben.
    pass


# %% [markdown]
# Prüfe deinen Kernel, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Größen. Die Reihenfolge
# einer Summe ändert ihre letzten Stellen. Darum erlaubt die Prüfung eine Abweichung, die mit der Wurzel der inneren
# Länge wächst.

# %% nbgrader={"grade_id": "matmul-test", "grade": true, "locked": true, "points": 7}
import checks

checks.matmul(matmul)
### BEGIN HIDDEN TESTS
import exam

exam.matmul(matmul)
### END HIDDEN TESTS

# %%
checks.matmul_hint()

# %% [markdown]
# Stimmt die Zahl der Sektoren mit der überein, die du ausgerechnet hast? Solange dein Kernel leer ist, sind es keine.

# %%
inspect(matmul)[(2, 2), (32, 32)](a, b, c)

# %% [markdown]
# ## Vor und nach dem Produkt
#
# Ein Produkt kommt selten allein. Unsere Kamera liefert ganze Zahlen. Und was aus dem Produkt kommt, wird für jede
# Welle skaliert und verschoben, und was negativ ist, zählt als Rauschen. Als eigene Kernel würden diese Schritte alles
# noch einmal holen und schreiben. Im Kernel des Produkts kosten sie fast nichts: Beim Holen und beim Schreiben hat man
# die Zahl ohnehin in der Hand. Das heißt **Fusionieren**.
#
# Vorsicht aber mit ganzen Zahlen. **Was erwartest du?** Welchen Typ haben diese Produkte?

# %%
for whole in (np.uint16, np.int32):
    print(f"{whole.__name__} mal float32 ist {np.result_type(whole, np.float32)}")

# %% [markdown]
# Numba hält sich an dieselbe Regel. Ein `int32` hat mehr Stellen, als ein `float32` fassen kann, darum werden beide zu
# `float64`. Wer weiß, dass die Rohwerte klein sind, wandelt sie mit `np.float32(...)` um, am besten beim Holen: einmal
# für jede Zahl statt bei jeder Multiplikation.
#
# Noch etwas ist anders. Diese Kamera speichert **Pixel für Pixel**: `film` hat die Form `(pixels, frames)`. Eine Zeile
# von `waves` trifft jetzt auf eine *Zeile* des Films. Beim Holen sollen benachbarte Threads weiterhin nehmen, was im
# Speicher benachbart ist. Eine Zeile des Films kommt also in eine Zeile der Kachel, und beim Multiplizieren lesen die
# Threads eines Warps eine **Spalte** von ihr.

# %% [markdown]
# ## Aufgabe 2: responses
#
# Schreibe einen Kernel, der für jede Welle und jedes Pixel eine Antwort berechnet, in Kacheln:
#
# | Parameter | Typ | Bedeutung |
# |---|---|---|
# | `patterns` | `float32`, Form `(waves, frames)` | eine Welle je Zeile |
# | `film` | `int32`, Form `(pixels, frames)` | Rohwerte, alle Bilder eines Pixels in einer Zeile |
# | `gain`, `offset` | `float32`, Form `(waves,)` | Skala und Verschiebung jeder Welle |
# | `out` | `float32`, Form `(waves, pixels)`, Ausgabe | Antworten |
#
# * `out[w, p]` ist `gain[w] * s + offset[w]`, aber mindestens 0. Dabei ist `s` die Zeile `w` von `patterns` mal die
#   Zeile `p` von `film`.
# * Der Start hat Blöcke aus 32 × 32 Threads, gerade so viele, wie `out` braucht, mit x entlang der Pixel.
# * Alles wird in `float32` gerechnet; die Rohwerte sind klein genug dafür.
# * Das Holen berührt Nachbarn im Speicher, und es gibt keine Bankkonflikte.


# %% nbgrader={"grade_id": "responses", "solution": true}
@cuda.jit
def responses(patterns, film, gain, offset, out):
    # Dein Code: Welches Pixel holt ein Thread, und welches berechnet er?
    pass


# %% nbgrader={"grade_id": "responses-test", "grade": true, "locked": true, "points": 7}
import checks

checks.responses(responses)
### BEGIN HIDDEN TESTS
import exam

exam.responses(responses)
### END HIDDEN TESTS

# %%
checks.responses_hint()

# %% [markdown]
# ## Aufgabe 3: Finde die Fehler
#
# Jede Zone des Werkstücks hat eigene Wellen, denn dicke Stellen folgen langsamer als dünne. Also gibt es für jede Zone
# ein Produkt: `c[z] = a[z] · b[z]`. Ein einziger Start berechnet alle. Sein Grid hat eine dritte Achse, `z`.
#
# Zwei Fehler sind darin. Der eine macht die Summen falsch, weil die innere Länge kein Vielfaches von 32 ist. Der andere
# versteckt sich in der Schleife und zeigt sich nur manchmal. Behebe beide und behalte die Kacheln.


# %% nbgrader={"grade_id": "products", "solution": true}
@cuda.jit
def products(a, b, c):
    tile_a = cuda.shared.array((32, 32), np.float32)
    tile_b = cuda.shared.array((32, 32), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    column, row, zone = cuda.grid(3)
    rows, inner = a.shape[1], a.shape[2]
    columns = b.shape[2]
    total = np.float32(0)
    for first in range(0, inner, 32):
        if row < rows and first + tx < inner:
            tile_a[ty, tx] = a[zone, row, first + tx]
        if first + ty < inner and column < columns:
            tile_b[ty, tx] = b[zone, first + ty, column]
        cuda.syncthreads()
        for k in range(32):
            total += tile_a[ty, k] * tile_b[k, tx]
    if row < rows and column < columns:
        c[zone, row, column] = total


# %% nbgrader={"grade_id": "products-test", "grade": true, "locked": true, "points": 6}
import checks

checks.products(products)
### BEGIN HIDDEN TESTS
import exam

exam.products(products)
### END HIDDEN TESTS

# %%
checks.products_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Ein Kollege lässt die zweite Barriere weg und sagt: „Ich habe es hundertmal auf der GPU laufen lassen, und das
# Ergebnis hat jedes Mal gestimmt.“ Was antwortest du ihm? Beschreibe an zwei Warps, was geschehen kann. Und warum zeigt
# sich der Fehler nicht, wo die innere Länge höchstens 32 ist? Drei oder vier Sätze. Ein Mensch liest und bewertet diese
# Antwort.

# %% [markdown] nbgrader={"grade_id": "why-two", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * Eine Summe lässt sich in Teilen bilden: von jeder Matrix eine Kachel holen, multiplizieren, weiterrücken.
# * Zwei Barrieren je Schritt: vor dem Multiplizieren, weil andere geholt haben, und danach, weil andere noch
#   multiplizieren.
# * Was draußen liegt, ist 0, in jedem Schritt aufs Neue. Threads draußen holen mit und schreiben nicht.
# * Mit einer Kachel aus 32 × 32 bedient einmal Holen aus dem globalen Speicher 32 Threads.
# * Wandle beim Holen um, vollende beim Schreiben, und summiere in `float32`.
#
# Für Produkte großer Matrizen, zu denen sonst nichts gehört, nimm eine Bibliothek: `a @ b` in CuPy ruft die von NVIDIA
# auf. Dein eigener Kernel lohnt sich, wo mehr zu tun ist oder wo die Formen ungewöhnlich sind.
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: Beispiele, darunter ein Matrixprodukt
#   (englisch)](https://nvidia.github.io/numba-cuda/user/examples.html)
# * [NVIDIAs CUDA Best Practices Guide: Shared Memory in Matrixprodukten
#   (englisch)](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#shared-memory)
