# %% [markdown]
# # Prüfung
#
# Drei Wärmebildkameras beobachten jetzt die Fertigung, und ihre Bilder kommen in Stapeln. Was du in diesem Kurs
# geschrieben hast, kommt zusammen: Aus Zählwerten wird ein Signal, aus dem Signal werden heiße Stellen und gewichtete
# Temperaturen. Für jeden der drei Schritte schreibst du eine Funktion.
#
# Du hast etwa 60 Minuten. Mit 70 % der 25 Punkte hast du bestanden.
#
# ## Was für alle drei Aufgaben gilt
#
# * Ein Stapel hat die Form `(n, h, w)`. `n` ist irgendeine ganze Zahl ab 0; `h` und `w` sind mindestens 1 und dürfen
#   ungerade sein.
# * Alle Arrays sind CuPy-Arrays und liegen zusammenhängend im Speicher. Keine Eingabe wird verändert, und das Ergebnis
#   ist ein neues CuPy-Array.
# * Zwischen Host und Device wird nichts kopiert, in keiner Richtung. Zahlen, die du einem Kernel übergibst, sind keine
#   Kopie.
# * Jede Aufgabe sagt, wie viele Operationen gestartet werden dürfen, gleich für jedes `n`. Gezählt wird wie in den
#   Einheiten davor.
#
# Unter jeder Aufgabe steht eine Prüfung mit kleinen Stapeln; führe sie aus, so oft du magst. Die Punkte kommen aus
# denselben Prüfungen mit anderen Stapeln.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Aufgabe 1: subtract_dark
#
# Schreibe `subtract_dark(frames, dark, limit)`. Die Funktion zieht von jedem Bild das Dunkelbild ab:
#
# * `frames` hat die Form `(n, h, w)`, `dark` die Form `(h, w)`. Beide sind `uint16`, und alle 65 536 Werte können
#   vorkommen.
# * `limit` ist ein `int` von Python, von 0 bis 65 535.
# * Das Ergebnis hat die Form von `frames` und den dtype `uint16`. Es enthält die Differenz `frames - dark` in ganzen
#   Zahlen, die auch negativ sein dürfen, unten auf 0 begrenzt und oben auf `limit`.
# * Höchstens 8 Operationen werden gestartet.


# %% nbgrader={"grade_id": "subtract_dark", "solution": true}
def subtract_dark(frames, dark, limit):
    # Dein Code, und über der Funktion, was sie braucht.
    raise NotImplementedError


# %% nbgrader={"grade_id": "subtract_dark-test", "grade": true, "locked": true, "points": 7}
import checks

checks.subtract_dark(subtract_dark)
### BEGIN HIDDEN TESTS
import exam

exam.subtract_dark(subtract_dark)
### END HIDDEN TESTS

# %% [markdown]
# ## Aufgabe 2: hot_spots
#
# Schreibe `hot_spots(counts)`. Die Funktion berichtet über jedes Bild mit vier Zahlen:
#
# * `counts` hat die Form `(n, h, w)` und den dtype `uint16`; alle 65 536 Werte können vorkommen. Ein Bild hat weniger
#   als eine Million Pixel.
# * Der Schwellwert eines Bildes ist die halbe Summe aus seinem kleinsten und seinem größten Wert, abgerundet auf eine
#   ganze Zahl. Ein Pixel ist heiß, wenn sein Wert größer ist als der Schwellwert seines eigenen Bildes.
# * Das Ergebnis hat die Form `(n, 4)` und den dtype `float32`. Zeile `i` gehört zu Bild `i`.
# * Spalte 0 ist der Schwellwert, Spalte 1 die Anzahl der heißen Pixel.
# * Spalte 2 ist das Mittel der Zeilenindizes der heißen Pixel, Spalte 3 das Mittel ihrer Spaltenindizes. Beide zählen
#   ab 0. Jedes heiße Pixel hat dasselbe Gewicht. Hat ein Bild kein heißes Pixel, sind beide -1.
# * Höchstens 40 Operationen werden gestartet.


# %% nbgrader={"grade_id": "hot_spots", "solution": true}
def hot_spots(counts):
    # Dein Code, und über der Funktion, was sie braucht.
    raise NotImplementedError


# %% nbgrader={"grade_id": "hot_spots-test", "grade": true, "locked": true, "points": 10}
import checks

checks.hot_spots(hot_spots)
### BEGIN HIDDEN TESTS
import exam

exam.hot_spots(hot_spots)
### END HIDDEN TESTS

# %% [markdown]
# ## Aufgabe 3: weighted
#
# Schreibe `weighted(counts, gain, offset, low, high)` mit einem eigenen `ElementwiseKernel` oder `RawKernel`. Welchen
# von beiden du nimmst, entscheidest du. Er erledigt alles mit einem einzigen Start, in `float32`:
#
# * `counts` hat die Form `(n, h, w)` und den dtype `uint16`. `gain` und `offset` haben dieselbe Form und den dtype
#   `float32`: Jedes Bild bringt die Werte seiner Kamera mit.
# * `low` und `high` sind `float` von Python, und es gilt `low < high`.
# * Zu jedem Pixel gehört die Temperatur `t = gain * count + offset`.
# * Das Gewicht ist 0 für `t <= low` und 1 für `t >= high`. Dazwischen ist es `(t - low) / (high - low)`.
# * Das Ergebnis hat die Form von `counts` und den dtype `float32`. Es enthält `t` mal sein Gewicht.
# * Höchstens 1 Operation wird gestartet: dein Kernel.
# * Der Kernel liest und schreibt nichts außerhalb seiner Arrays.


# %% nbgrader={"grade_id": "weighted", "solution": true}
def weighted(counts, gain, offset, low, high):
    # Dein Code, und über der Funktion, was sie braucht.
    raise NotImplementedError


# %% nbgrader={"grade_id": "weighted-test", "grade": true, "locked": true, "points": 8}
import checks

checks.weighted(weighted)
### BEGIN HIDDEN TESTS
import exam

exam.weighted(weighted)
### END HIDDEN TESTS

# %% [markdown]
# ## Abgeben
#
# Starte den Kernel des Notebooks neu und führe alle Zellen einmal aus, bevor du abgibst. Dein bester Versuch zählt.
