# %% [markdown]
# # Bilder in zwei Achsen
#
# Die Wärmebildkamera über der Fräsmaschine liefert Temperaturen. Menschen wollen ein Bild sehen: dunkel, wo es kalt ist,
# und rot, wo das Werkzeug angreift. So ein Bild hat Zeilen und Spalten, und ein Grid aus Threads kann das auch.
#
# Danach kannst du
#
# * `x` und `y` eines Grids den Spalten und Zeilen eines Bildes zuordnen;
# * beide Achsen schützen, auch bei Bildern, die nicht quadratisch sind;
# * benachbarte Threads benachbarte Pixel anfassen lassen und erklären, was das spart.
#
# Du brauchst etwa 55 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import checks
import numpy as np
from numba import cuda

from grader.checks import inspect

rows, columns = np.mgrid[0:24, 0:56]
part = (rows >= 5) & (rows < 20) & (columns >= 6) & (columns < 50)
spot = 55 * np.exp(-((columns - 38) ** 2 / 90 + (rows - 9) ** 2 / 25))
heat = np.where(part, 32 + spot, 22).astype(np.float32)
print(f"{heat.shape} Zeilen und Spalten, von {heat.min()} bis {heat.max()} Grad Celsius")
checks.picture((heat - 20) / 70, "das Werkstück, am wärmsten rechts der Mitte, wo das Werkzeug angreift")

# %% [markdown]
# ## x zählt Spalten, y zählt Zeilen
#
# NumPy nennt die **Zeile zuerst**: `heat[y, x]`, und `heat.shape` ist `(height, width)`, also Höhe und Breite. CUDA nennt
# die **Spalte zuerst**: `x, y = cuda.grid(2)`. Fast alle Fehler mit Bildern entstehen, wenn man das vermischt.
#
# Die Zeichnung zeigt ein Bild mit 5 Zeilen und 10 Spalten unter Blöcken aus 4 × 2 Threads. Das gelbe Pixel ist `[3, 6]`:
# Zeile 3, Spalte 6. Sein Thread hat `x = 6` und `y = 3`. Schraffierte Threads haben kein Pixel.
#
# ![Ein Grid aus 12 Spalten und 6 Zeilen von Threads, umrahmt als 3 mal 3 Blöcke aus 4 mal 2 Threads. Der Pfeil x zeigt nach rechts die Spalten entlang, der Pfeil y nach unten die Zeilen entlang. Das Bild füllt die Spalten 0 bis 9 und die Zeilen 0 bis 4; die zwei Spalten rechts und die Zeile unten sind schraffiert. Das Pixel in Zeile 3, Spalte 6 ist markiert.](figures/axes.svg)
#
# Ein Start nimmt Tupel, `kernel[(blocks_x, blocks_y), (threads_x, threads_y)]`, und jede Achse wird für sich aufgerundet.
#
# **Was erwartest du?** Wie viele Blöcke braucht unser Bild mit 24 Zeilen und 56 Spalten bei Blöcken aus 16 × 8 Threads?
# Wie viele Threads haben kein Pixel? Schreib es auf und führe dann die Zelle aus.


# %%
@cuda.jit
def warmer(image, step, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        out[y, x] = image[y, x] + step


height, width = heat.shape
threads = (16, 8)
blocks = ((width + threads[0] - 1) // threads[0], (height + threads[1] - 1) // threads[1])
image = cuda.to_device(heat)
out = cuda.device_array_like(image)
warmer[blocks, threads](image, np.float32(1.5), out)
idle = blocks[0] * blocks[1] * 128 - heat.size
print(f"{blocks} Blöcke, {idle} Threads ohne Pixel")
print("wie NumPy:", np.allclose(out.copy_to_host(), heat + np.float32(1.5)))

# %% [markdown]
# Vier Blöcke entlang x und drei entlang y ergeben 12 Blöcke, also 1536 Threads für 1344 Pixel. 192 Threads stehen rechts
# neben dem Bild. Darunter steht keiner, denn 24 ist ein Vielfaches von 8.
#
# ## Warum beide Achsen einen Wächter brauchen
#
# Im Speicher gibt es keine Zeilen. Die Pixel liegen eines hinter dem anderen, und `[y, x]` hat den Platz
# `y * width + x`.
#
# **Was erwartest du?** Wo landet ein Thread mit `y = 2` und `x = 56`, wenn ihn niemand aufhält? Unser Bild hat 56
# Spalten, von 0 bis 55.

# %%
y, x = 2, 56
place = y * width + x
print(f"Platz {place} ist das Pixel {divmod(place, width)}")

# %% [markdown]
# Er landet in der nächsten Zeile, beim ersten Pixel. Das liegt noch im Array, also verrät sich der Fehler nur durch ein
# falsches Bild: Zwei Threads schreiben auf dasselbe Pixel. Ein Thread mit `y = 24` verlässt das Array. Schütze also beide
# Achsen:
#
# ```python
# if x < width and y < height:
#     ...
# ```

# %% [markdown]
# ## Aufgabe 1: grey
#
# Schreibe einen Kernel, der Temperaturen in Grauwerte von 0 (schwarz) bis 1 (weiß) verwandelt:
#
# * bei `low` Grad und darunter ist der Wert 0, bei `high` Grad und darüber ist er 1;
# * dazwischen ist er `(heat[y, x] - low) / (high - low)`.
#
# `heat` und `out` haben dieselbe Form, die nicht quadratisch sein muss. Jedes Pixel hat einen Thread, und in beiden
# Achsen gibt es mehr Threads als nötig. `min` und `max` kannst du auch in Kerneln benutzen.


# %% nbgrader={"grade_id": "grey", "solution": true}
@cuda.jit
def grey(heat, low, high, out):
    # Dein Code: Welches Pixel gehört diesem Thread, und gibt es dieses Pixel?
    pass


# %% [markdown]
# Prüfe deinen Kernel, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Formen.

# %% nbgrader={"grade_id": "grey-test", "grade": true, "locked": true, "points": 4}
import checks

checks.grey(grey)
### BEGIN HIDDEN TESTS
import exam

exam.grey(grey)
### END HIDDEN TESTS

# %%
checks.grey_hint()

# %% [markdown]
# Und so sieht es aus. Solange dein Kernel nichts schreibt, zeigt das Bild, was gerade im Speicher lag.

# %%
values = cuda.device_array_like(image)
grey[blocks, threads](image, np.float32(22), np.float32(87), values)
checks.picture(values.copy_to_host(), "das Werkstück in Grauwerten")

# %% [markdown]
# ## Nachbarn reisen zusammen
#
# Ist es nicht egal, welche Achse `x` ist, wenn das Ergebnis stimmt? Dem Speicher nicht. Er liefert nie eine einzelne
# Zahl, sondern einen **Sektor** von 32 Bytes, also acht `float32` nebeneinander. Die Threads eines Warps fragen zugleich,
# und jeder Sektor, den einer von ihnen braucht, wird einmal für alle geliefert.
#
# In einem Warp ändert sich `x` am schnellsten. Die Zeichnung zeigt acht Threads als gelbe Pixel mit Nummern. Links
# stehen sie in einer Zeile, rechts in einer Spalte. Blaue Rahmen sind Sektoren, und schraffierte Pixel werden umsonst
# geliefert.
#
# ![Zwei Bilder mit 8 Zeilen und 16 Spalten, jede Zeile in zwei umrahmte Sektoren aus acht Pixeln geteilt. Links liegen die Threads 0 bis 7 nebeneinander in einer Zeile und füllen einen Sektor, 1 mal 32 Bytes. Rechts liegen die Threads 0 bis 7 untereinander in einer Spalte; jeder ist in einem eigenen Sektor, dessen andere sieben Pixel schraffiert sind, 8 mal 32 Bytes.](figures/neighbours.svg)
#
# Zugriffe, die ihre Sektoren füllen, heißen **zusammengefasst** (englisch *coalesced*). Die zwei Kernel unten tun
# dasselbe. Beide bekommen ein quadratisches Bild mit 64 × 64 Pixeln, damit es in jeder Reihenfolge abgedeckt ist.
# `inspect` zeigt, was ein Warp getan hat.
#
# **Was erwartest du?** Wie viele Sektoren liest ein Warp aus 32 Threads in beiden Fällen? Schreib beide Zahlen auf.


# %%
@cuda.jit
def copy_rows(image, out):
    x, y = cuda.grid(2)
    if x < image.shape[1] and y < image.shape[0]:
        out[y, x] = image[y, x]


@cuda.jit
def copy_columns(image, out):
    y, x = cuda.grid(2)
    if x < image.shape[1] and y < image.shape[0]:
        out[y, x] = image[y, x]


square = cuda.to_device(np.ones((64, 64), np.float32))
copied = cuda.device_array_like(square)
inspect(copy_rows)[(2, 8), (32, 8)](square, copied)

# %%
inspect(copy_columns)[(2, 8), (32, 8)](square, copied)

# %% [markdown]
# In der Zeile füllen 32 Zahlen zu 4 Bytes genau 4 Sektoren. In der Spalte liegt jede Zahl in einem eigenen Sektor: Es
# sind 32, und davon wird ein Achtel genutzt. Beide Kernel sind richtig, aber einer bewegt achtmal so viel. Die meisten
# Bild-Kernel warten vor allem auf den Speicher und werden deutlich langsamer, auch wenn Caches das mildern.
#
# Die Regel: **Der letzte Index des Arrays gehört zu `x`**, der Zahl, die sich von Thread zu Thread ändert.

# %% [markdown]
# ## Aufgabe 2: false_colour
#
# Grauwerte verstecken kleine Unterschiede. In *Falschfarben* ist Kaltes blau, Mittleres grün und Heißes rot. Eine Farbe
# hat drei Zahlen von 0 bis 1, und unser Bild hält sie in drei **Ebenen**: `out` hat die Form `(3, height, width)`.
#
# Schreibe einen Kernel, der für jeden Grauwert `v = grey[y, x]` berechnet:
#
# | Ebene | Farbe | Wert |
# | --- | --- | --- |
# | `out[0, y, x]` | Rot | `v` |
# | `out[1, y, x]` | Grün | `1 - abs(2 * v - 1)` |
# | `out[2, y, x]` | Blau | `1 - v` |
#
# Start und Formen sind wie in Aufgabe 1. Punkte gibt es auch für zusammengefasste Zugriffe, und `grey` bleibt, wie es
# ist.
#
# Neben einem `float32` lässt eine bloße `1` Numba in `float64` rechnen, und das können die meisten GPUs nur langsam. Dazu
# siehst du vielleicht einen Hinweis; `np.float32(1)` vermeidet es. Punkte kostet es hier nicht.


# %% nbgrader={"grade_id": "false_colour", "solution": true}
@cuda.jit
def false_colour(grey, out):
    # Dein Code: ein Thread, ein Pixel, drei Ebenen.
    pass


# %% nbgrader={"grade_id": "false_colour-test", "grade": true, "locked": true, "points": 5}
import checks

checks.false_colour(false_colour)
### BEGIN HIDDEN TESTS
import exam

exam.false_colour(false_colour)
### END HIDDEN TESTS

# %%
checks.false_colour_hint()

# %%
colours = cuda.to_device(np.zeros((3, height, width), np.float32))
false_colour[blocks, threads](values, colours)
checks.picture(colours.copy_to_host(), "das Werkstück in Falschfarben: ringsum blau, darauf grün, am Werkzeug rot")

# %% [markdown]
# ## Aufgabe 3: Finde die Fehler
#
# Ein Spiegel schützt die Kamera vor fliegenden Spänen, darum sind ihre Bilder seitenverkehrt. Der Kernel unten soll links
# und rechts tauschen: Die erste Spalte von `out` ist die letzte von `image` und so weiter. Die Zeilen bleiben, wo sie
# sind.
#
# Es stecken drei Fehler darin. Der Start hat in beiden Achsen genug Threads, ganz gleich, wie herum du sie benutzt. Einen
# der Fehler findet die Prüfung darum nur, weil sie auf die Speicherzugriffe schaut.


# %% nbgrader={"grade_id": "mirror", "solution": true}
@cuda.jit
def mirror(image, out):
    y, x = cuda.grid(2)
    height, width = image.shape
    if x < width:
        out[y, x] = image[y, width - x]


# %% nbgrader={"grade_id": "mirror-test", "grade": true, "locked": true, "points": 5}
import checks

checks.mirror(mirror)
### BEGIN HIDDEN TESTS
import exam

exam.mirror(mirror)
### END HIDDEN TESTS

# %%
checks.mirror_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Jemand vertauscht in einem Kernel `x` und `y` überall: in `cuda.grid(2)`, im Wächter und im Start. Das Bild stimmt, aber
# der Kernel braucht deutlich länger. Erkläre, warum, mit einem Warp, einem Sektor und Zahlen. Kostet das Spiegeln
# eines Bildes genauso viel? Drei oder vier Sätze. Ein Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why-order", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * `x, y = cuda.grid(2)`, aber `image[y, x]` und `height, width = image.shape`.
# * Runde jede Achse für sich auf und schütze beide: Hinter dem rechten Rand beginnt die nächste Zeile.
# * Ein Warp braucht für 32 `float32` nebeneinander 4 Sektoren, untereinander 32.
# * Der letzte Index gehört zu `x`. Ob das so ist, verrät kein richtiges Ergebnis; `inspect` zeigt es.
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: Positionen von Threads und Grids mit mehreren Achsen (englisch)](https://nvidia.github.io/numba-cuda/user/kernels.html)
# * [CUDA C++ Best Practices Guide von NVIDIA: zusammengefasste Speicherzugriffe (englisch)](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/)
