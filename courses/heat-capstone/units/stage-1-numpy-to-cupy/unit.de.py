# %% [markdown]
# # Stufe 1: von NumPy zu CuPy
#
# Eine Wärmebildkamera sieht zu, wie ein Werkstück gefräst wird. Sie zeigt, wie heiß die Oberfläche jetzt ist. Die
# Steuerung fragt etwas anderes: Wie heiß ist die Spannbacke in zwei Sekunden, wenn niemand die Spindel anhält? Dafür
# muss jemand ausrechnen, wie sich Wärme im Werkstück ausbreitet: durch Stahl und Aluminium und um Löcher herum.
#
# Das ist dein Projekt für vier Stufen. Du bekommst ein Programm in NumPy, das richtig und langsam ist. In dieser Stufe
# bringst du es mit Ausschnitten auf die GPU. In Stufe 2 wird ein Schritt zu einem einzigen Kernel, und in Stufe 3 teilt
# ein Block eine Kachel. In Stufe 4 setzt du alles zusammen und berichtest darüber mit Zahlen.
#
# Du brauchst etwa 90 Minuten. Jede Stufe ist eine Prüfung: Mit 70 % ihrer Punkte ist sie bestanden, und dein bester
# Versuch zählt. Die Prüfungen unten darfst du laufen lassen, so oft du magst. Die Punkte kommen aus denselben Prüfungen
# mit anderen Platten.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Wärme fließt durch Flächen
#
# Wir zerlegen die Platte in quadratische Zellen. Jede hat eine Temperatur, und je zwei Nachbarn haben eine gemeinsame
# **Fläche**. Durch sie fließt Wärme von der wärmeren Zelle in die kühlere, und zwar umso mehr, je größer der Unterschied
# ist und je besser die Fläche leitet.
#
# ![Zwölf quadratische Zellen in drei Zeilen zu vier, mit Zeile und Spalte beschriftet. Zwischen Zellen nebeneinander liegen stehende Balken, zwischen Zellen übereinander liegende; jeder Balken trägt die Indizes der Zelle links von ihm oder über ihm. Legende: conduct ist 3 mal 4, right 3 mal 3, down 2 mal 4.](figures/faces.svg)
#
# `right[y, x]` gehört zur Fläche zwischen der Zelle `y, x` und ihrem rechten Nachbarn, `down[y, x]` zu der unter ihr.
# Eine Platte aus 3 × 4 Zellen hat 3 × 3 Flächen der ersten Art und 2 × 4 der zweiten. Am äußeren Rand gibt es keine
# Fläche: Dort fließt nichts, die Platte ist **isoliert**.
#
# Das ist das Programm in NumPy. Lies es, bevor du weitermachst; in `rate` stecken die Länge eines Schritts und die Größe
# einer Zelle.


# %%
def simulate_numpy(temps, right, down, rate, steps):
    height, width = temps.shape
    now = temps.copy()
    for _ in range(steps):
        new = now.copy()
        for y in range(height):
            for x in range(width - 1):
                flow = rate * right[y, x] * (now[y, x + 1] - now[y, x])
                new[y, x] += flow
                new[y, x + 1] -= flow
        for y in range(height - 1):
            for x in range(width):
                flow = rate * down[y, x] * (now[y + 1, x] - now[y, x])
                new[y, x] += flow
                new[y + 1, x] -= flow
        now = new
    return now


# %% [markdown]
# Was eine Zelle durch eine Fläche verlässt, kommt in der anderen an. Die Summe aller Temperaturen sollte also bleiben. In
# unseren Einheiten ist sie die Energie der Platte.
#
# **Was erwartest du?** Die Platte unten hat am linken Rand eine heiße Zelle mit 900 Grad; alle anderen haben 20. Welche
# Zelle ist nach zehn Schritten die heißeste, und welche kommt danach? Bleibt die Summe genau gleich? Schreib beides auf,
# dann führe die Zelle aus.

# %%
plate = np.full((4, 6), 20, np.float32)
plate[1, 0] = 900
full_right, full_down = np.ones((4, 5), np.float32), np.ones((3, 6), np.float32)
later = simulate_numpy(plate, full_right, full_down, 0.1, 10)
print(later.round(1))
print("Energie vorher", plate.sum(), "und nachher", later.sum())

# %% [markdown]
# Danach kommt die Zelle in der Ecke: Wärme, die dort ankommt, kann nicht weiter. Die Summe ist gleich. Auf
# größeren Platten kann sie sich in den letzten Stellen ändern, denn `float32` rundet jede Zahl auf etwa sieben davon.
#
# Die Energie ist ein starker Test, und er kostet eine Zeile. Wer einen Fluss auf der einen Seite addiert und auf der
# anderen nicht abzieht, verliert sofort Energie. Ein Beweis ist sie aber nicht: Welche Fehler in der Formel würde sie
# nicht bemerken? Behalte die Frage bis zum Schluss.
#
# ## Was leitet eine Fläche?
#
# Die Leitfähigkeit gehört zu den Zellen, das Programm braucht sie aber an Flächen. Dort liegen zwei halbe Zellen
# hintereinander, wie zwei Widerstände in Reihe. Widerstände addieren sich, und daraus folgt das **harmonische Mittel**,
# `2 * a * b / (a + b)`.
#
# Ein Loch leitet nicht, seine Zellen haben die Leitfähigkeit 0. Dann müssen auch alle vier Flächen einer solchen Zelle 0
# sein.
#
# **Was erwartest du?** Vergleiche mit dem gewöhnlichen Mittel, für Stahl neben Aluminium (1 und 4) und für Stahl neben
# einem Loch (1 und 0). Welches der beiden Mittel ließe Wärme ins Loch?

# %%
for one, other in ((1, 1), (1, 4), (1, 0)):
    print(f"{one} und {other}: harmonisch {2 * one * other / (one + other):.2f}, gewöhnlich {(one + other) / 2:.2f}")

# %% [markdown]
# Das gewöhnliche Mittel ließe Wärme ins Loch, und an der Grenze zweier Materialien ist es viel zu groß. Das harmonische
# Mittel bestimmt vor allem die schlechtere der beiden Zellen, so wie in einem Rohr die enge Stelle.

# %% [markdown]
# ## Aufgabe 1: `faces`
#
# Schreibe `faces(conduct)`, das `right` und `down` zurückgibt:
#
# * `conduct` ist ein CuPy-Array der Form `(h, w)` in `float32`. Alle Werte sind mindestens 0, und 0 ist ein Loch. Löcher
#   können nebeneinander und am Rand liegen. `h` und `w` sind mindestens 1.
# * Das Ergebnis ist ein Tupel aus zwei neuen CuPy-Arrays in `float32`: `right` mit der Form `(h, w - 1)` und `down` mit
#   der Form `(h - 1, w)`. Bei einer Platte aus einer Zeile oder einer Spalte ist eines davon leer.
# * Jeder Wert ist das harmonische Mittel seiner zwei Zellen, und 0, wo eine von ihnen oder beide 0 sind.
# * Höchstens 40 Operationen werden gestartet, für jede Größe. Nichts wird zwischen Host und Device kopiert, und die
#   Eingabe bleibt, wie sie ist.


# %% nbgrader={"grade_id": "faces", "solution": true}
def faces(conduct):
    # Dein Code
    raise NotImplementedError


# %% nbgrader={"grade_id": "faces-test", "grade": true, "locked": true, "points": 8}
import checks

checks.faces(faces)
### BEGIN HIDDEN TESTS
import exam

exam.faces(faces)
### END HIDDEN TESTS

# %%
# Kommst du nicht weiter? Jeder Lauf dieser Zelle zeigt einen Tipp mehr.
checks.faces_hint()

# %% [markdown]
# ## Von Schleifen zu Ausschnitten
#
# Die beiden inneren Schleifen tun für alle Flächen dasselbe. Mit Ausschnitten ist das eine Zeile für jede Art: alle
# Zellen außer denen der letzten Spalte, neben allen Zellen außer denen der ersten.

# %%
row = cp.asarray(np.array([[20, 20, 900, 20]], np.float32))
print("linke Zellen ", row[:, :-1])
print("rechte Zellen", row[:, 1:])
print("Unterschiede sind", row[:, 1:] - row[:, :-1])

# %% [markdown]
# Jeder Ausschnitt ist eine Sicht: Er kopiert nichts. Und jede Operation darauf ist ein Kernel, den der Host startet, ohne
# auf ihn zu warten. Der Host darf also vorauslaufen und schon den nächsten Schritt vorbereiten. Damit ist es vorbei,
# sobald er eine Zahl wissen will: Ein `float(...)`, ein `if` auf einem Array oder ein `.get()` in der Schleife lässt ihn
# in jedem Schritt auf die GPU warten.
#
# ## Warum zwei Puffer?
#
# Alle Flüsse eines Schritts gehören zu **demselben** Zeitpunkt. Wer neue Temperaturen in das Array schreibt, aus dem der
# nächste Fluss erst noch gelesen wird, rechnet mit einer Mischung aus alt und neu.
#
# **Was erwartest du?** Die Zelle unten macht einen Schritt auf einer einzelnen Zeile, einmal mit einem Puffer, von links
# nach rechts, und einmal mit zwei Puffern. Wie weit kommt die Wärme in einem Schritt?

# %%
old = np.array([900.0, 20.0, 20.0, 20.0])
mixed = old.copy()
for x in range(3):
    flow = 0.25 * (mixed[x + 1] - mixed[x])
    mixed[x] += flow
    mixed[x + 1] -= flow
flows = 0.25 * (old[1:] - old[:-1])
clean = old.copy()
clean[:-1] += flows
clean[1:] -= flows
print("ein Puffer ", mixed.round(1), "sum", mixed.sum())
print("zwei Puffer", clean, "sum", clean.sum())

# %% [markdown]
# Mit einem Puffer läuft die Wärme in einem einzigen Schritt durch die ganze Zeile, und nur von links nach rechts. Die
# Energie stimmt trotzdem! Nur die Richtung verrät es: Eine symmetrische Platte bleibt nicht symmetrisch. Auf einer GPU
# kennt niemand auch nur die Richtung; dort ändert sich das Ergebnis von Lauf zu Lauf.
#
# ![Zwei Reihen von Kästen, A und B, für die Zeitpunkte 0 bis 4. Der volle Kasten steht zur Zeit 0, 2 und 4 in Reihe A, zur Zeit 1 und 3 in Reihe B. Von jedem vollen Kasten führt ein Pfeil zum nächsten in der anderen Reihe.](figures/buffers.svg)
#
# Deshalb gibt es zwei Puffer. Lies aus dem einen, schreib in den anderen, dann tausche die **Namen**: `now, new = new,
# now` kopiert keine Zahl. Vergisst du den Tausch, beginnt der zweite Schritt dort, wo der erste begonnen hat.

# %% [markdown]
# ## Aufgabe 2: `simulate`
#
# Schreibe `simulate(temps, right, down, rate, steps)` mit Ausschnitten in CuPy:
#
# * `temps` ist ein CuPy-Array der Form `(h, w)` in `float32`; `right` und `down` sind wie in Aufgabe 1. `rate` ist ein
#   Python-`float`, `steps` ein Python-`int` ab 0.
# * Das Ergebnis ist, was `simulate_numpy` berechnet, als neues CuPy-Array in `float32`.
# * Höchstens 30 Operationen werden je Schritt gestartet und 10 außerdem, wie groß die Platte auch ist.
# * Nichts wird zwischen Host und Device kopiert, und die Eingaben bleiben, wie sie sind.
#
# Unter den verborgenen Platten sind eine einzelne Zelle, eine symmetrische Platte, Löcher am Rand und eine, deren Lösung
# auf dem Papier bekannt ist.


# %% nbgrader={"grade_id": "simulate", "solution": true}
def simulate(temps, right, down, rate, steps):
    # Dein Code
    raise NotImplementedError


# %% nbgrader={"grade_id": "simulate-test", "grade": true, "locked": true, "points": 14}
import checks

checks.simulate(simulate)
### BEGIN HIDDEN TESTS
import exam

exam.simulate(simulate)
### END HIDDEN TESTS

# %%
checks.simulate_hint()

# %% [markdown]
# ## Stimmt es auch?
#
# Deine Funktion tut jetzt, was das Programm in NumPy tut. Aber stimmt denn das? Für eine quadratische Platte aus einem
# einzigen Material gibt es eine Antwort auf dem Papier: Eine Temperatur in der Form eines Kosinus verblasst und behält
# ihre Form. `checks.grid_error` lässt deine Funktion diese Platte auf einem Gitter rechnen und nennt den größten
# Unterschied zur Lösung auf dem Papier.
#
# **Was erwartest du?** Das Verfahren ist von zweiter Ordnung: Mit halb so großen Zellen sollte der Fehler ein Viertel
# sein. Welche Verhältnisse gibt die Zelle aus?

# %%
try:
    errors = {size: checks.grid_error(simulate, size) for size in (8, 16, 32)}
except Exception as error:
    print("noch nicht:", error)
else:
    for size, error in errors.items():
        print(f"{size:2} x {size:2} Zellen: {error:.5f} Grad")
    print(f"Verhältnisse {errors[8] / errors[16]:.2f} und {errors[16] / errors[32]:.2f}")

# %% [markdown]
# Ein Verhältnis von etwa 4 ist der Fingerabdruck des Verfahrens. Mit einer um 10 % zu großen `rate` oder ohne die Flächen
# der äußersten Zellen ist es 1: Der Fehler wird nicht mehr kleiner, wie fein das Gitter auch ist.
#
# ## Notiz für deinen Bericht
#
# In Stufe 4 schreibst du einen Bericht, und jede Stufe hinterlässt eine Notiz dafür. Lass dein `simulate` eine eigene
# Platte mit einem Loch rechnen. Schreib die Energie vorher und nachher auf und zwei Gitterfehler mit ihrem Verhältnis.
# Sag zu jeder dieser Zahlen in einem Satz, welchen Fehler sie ausschließt und welchen sie nicht bemerken würde. Ein
# Mensch liest und bewertet das.

# %% [markdown] nbgrader={"grade_id": "note-1", "grade": true, "solution": true, "points": 2}
# *Deine Notiz hier.*

# %% [markdown]
# ## Zum Mitnehmen
#
# * Wärme fließt durch Flächen. Was die eine Zelle verliert, gewinnt die andere, und so bleibt die Energie.
# * An einer Fläche zählt das harmonische Mittel beider Zellen; ein Loch macht es 0.
# * Ein Schritt liest einen Puffer und schreibt den anderen; dann werden die Namen getauscht.
# * Energie, Symmetrie und Gitterfehler finden jeweils Fehler, die die anderen nicht bemerken.
#
# ## Zum Weiterlesen
#
# * [NumPy: Indizes und Ausschnitte (englisch)](https://numpy.org/doc/stable/user/basics.indexing.html)
# * [CuPy: Unterschiede zu NumPy (englisch)](https://docs.cupy.dev/en/stable/user_guide/difference.html)
