# %% [markdown]
# # Prüfung
#
# Eine Fräsmaschine bearbeitet ein Werkstück, und eine Wärmebildkamera sieht zu. Du schreibst drei Kernel für ihre Bilder.
# Hier zeigst du, was du nach diesem Kurs kannst:
#
# * einen Kernel für Bilder jeder Form schreiben;
# * im Shared Memory zählen und vergleichen, ohne Wettlauf;
# * die Threads eines Blocks eine Kachel austauschen lassen, damit sie benachbarte Pixel lesen und schreiben.
#
# Du hast etwa 60 Minuten. Es gibt 20 Punkte, und mit 14 davon in einem Versuch hast du bestanden. Dein bester Versuch
# zählt. Die Punkte kommen aus denselben Prüfungen wie unten, mit anderen Größen und Werten.

# %%
import numpy as np
from numba import cuda

# %% [markdown]
# ## Aufgabe 1: Kalibrieren
#
# Die Kamera liefert Rohwerte. Schreib einen Kernel, der daraus Temperaturen macht und tote Pixel markiert. Alle Arrays
# haben die Form `(height, width)`:
#
# | Parameter | Typ | Bedeutung |
# |---|---|---|
# | `raw` | `int32` | Rohwerte, 0 oder mehr |
# | `dark` | `float32` | Rohwerte im Dunkeln |
# | `gain` | `float32` | Grad je Schritt des Rohwerts |
# | `limit` | `int32`, eine Zahl | ab diesem Rohwert ist ein Pixel tot |
# | `heat` | `float32`, Ausgabe | Temperaturen |
# | `dead` | `int32`, Ausgabe | Markierungen |
#
# * Ein Pixel ist **tot**, wenn sein Rohwert 0 ist oder mindestens `limit`. Dann ist `heat` -300 und `dead` 1.
# * Für jedes andere Pixel ist `heat` gleich `(raw - dark) * gain`, und `dead` ist 0.
# * In beiden Ausgaben steht am Anfang irgendetwas. Die Eingaben bleiben, wie sie sind.
# * Der Start hat zwei Achsen und Blöcke beliebiger Form. Für jedes Pixel gibt es mindestens einen Thread, und in beiden
#   Achsen können es viel mehr sein.
# * Threads, die in x nebeneinander liegen, bearbeiten Pixel, die in einer Zeile nebeneinander liegen.
#
# 6 Punkte: 3 für richtige Ergebnisse, 1 für Grenzen, 1 für benachbarte Zugriffe, 1 für Eingaben, die bleiben.


# %% nbgrader={"grade_id": "calibrate", "solution": true}
@cuda.jit
def calibrate(raw, dark, gain, limit, heat, dead):
    # Dein Code
    pass


# %% nbgrader={"grade_id": "calibrate-test", "grade": true, "locked": true, "points": 6}
import checks

checks.calibrate(calibrate)
### BEGIN HIDDEN TESTS
import exam

exam.calibrate(calibrate)
### END HIDDEN TESTS

# %% [markdown]
# ## Aufgabe 2: Streifen
#
# Die Steuerung will über jeden Streifen eines Bildes einen kurzen Bericht. Jeder Block sieht sich einen Streifen an: so
# viele Pixel, wie er Threads hat; der letzte Streifen kann kürzer sein. Schreib einen Kernel, der den kältesten und den
# heißesten Wert jedes Streifens findet, und das Fach, in dem die meisten seiner Pixel liegen. Zähle und vergleiche mit
# atomaren Operationen im Shared Memory.
#
# | Parameter | Typ | Bedeutung |
# |---|---|---|
# | `heat` | `int32`, Form `(n,)` | Hundertstel Grad, auch unter null |
# | `low` | `int32`, eine Zahl | wo Fach 0 beginnt |
# | `step` | `int32`, eine Zahl | Breite eines Fachs, mindestens 1 |
# | `bins` | `int32`, eine Zahl | wie viele Fächer es gibt, 1 bis 64 |
# | `coldest`, `hottest` | `int32`, Ausgaben | kleinster und größter Wert jedes Streifens |
# | `common` | `int32`, Ausgabe | Nummer des vollsten Fachs jedes Streifens |
#
# * Fach `b` beginnt bei `low + b * step`, und dieser Wert gehört dazu. Fach 0 nimmt auch alle kleineren Werte, das letzte
#   Fach alle größeren.
# * Sind mehrere Fächer gleich voll, ist `common` die kleinste ihrer Nummern.
# * Die Ausgaben haben ein Element für jeden Streifen, Element `s` für den von Block `s`. Am Anfang steht darin
#   irgendetwas.
# * Der Start hat eine Achse und gerade so viele Blöcke wie nötig. Ein Block hat 32 bis 256 Threads, und das können
#   weniger sein, als es Fächer gibt.
#
# 6 Punkte: 2 für richtige Ergebnisse, 1 für Grenzen, 1 für einen Kernel ohne Wettlauf, 2 für Threads, die
# zusammenarbeiten. Für die letzten muss der Kernel schneller sein oder weniger Speicher bewegen als einer, in dem ein
# Thread jedes Blocks alles allein macht.


# %% nbgrader={"grade_id": "strips", "solution": true}
@cuda.jit
def strips(heat, low, step, bins, coldest, hottest, common):
    # Dein Code
    pass


# %% nbgrader={"grade_id": "strips-test", "grade": true, "locked": true, "points": 6}
import checks

checks.strips(strips)
### BEGIN HIDDEN TESTS
import exam

exam.strips(strips)
### END HIDDEN TESTS

# %% [markdown]
# ## Aufgabe 3: Eine Vierteldrehung
#
# Die Kamera ist quer eingebaut. Schreib einen Kernel, der ihre Bilder um ein Viertel nach rechts dreht:
#
#     1 2 3         4 1
#     4 5 6   ->    5 2
#                   6 3
#
# | Parameter | Typ | Bedeutung |
# |---|---|---|
# | `image` | `float32`, Form `(height, width)` | das Bild |
# | `out` | `float32`, Form `(width, height)`, Ausgabe | das gedrehte Bild |
#
# * `out[r, c]` ist `image[height - 1 - c, r]`. Höhe und Breite sind beliebige Zahlen ab 1.
# * In `out` steht am Anfang irgendetwas.
# * Blöcke haben 32 × 32 Threads. Das Grid hat gerade so viele davon, wie `image` braucht, mit x entlang der Spalten.
# * Die Threads eines Warps lesen benachbarte Pixel einer Zeile und schreiben benachbarte Pixel einer Zeile. Dafür tauscht
#   der Block eine Kachel im Shared Memory aus.
#
# 8 Punkte: 2 für richtige Ergebnisse, 1 für Grenzen, 1 für einen Kernel ohne Wettlauf, 4 für benachbarte Zugriffe.


# %% nbgrader={"grade_id": "quarter_turn", "solution": true}
@cuda.jit
def quarter_turn(image, out):
    # Dein Code
    pass


# %% nbgrader={"grade_id": "quarter_turn-test", "grade": true, "locked": true, "points": 8}
import checks

checks.quarter_turn(quarter_turn)
### BEGIN HIDDEN TESTS
import exam

exam.quarter_turn(quarter_turn)
### END HIDDEN TESTS

# %% [markdown]
# ## Abgeben
#
# Führe alle Zellen noch einmal von oben nach unten aus, speichere und gib ab. Auf der Seite des Kurses stehen dein
# Ergebnis, wie viele Versuche du noch hast und ab wann.
