# %% [markdown]
# # Eigene Reduktionen
#
# Eine Messung am Werkstück dauert zehn Minuten und liefert zwanzigtausend Wärmebilder. Niemand sieht sie alle an.
# Gebraucht werden Zahlen, eine je Bild: Wie weit ist es vom Normalzustand entfernt? Wie heiß ist die heißeste Stelle?
#
# Aus vielen Werten einen zu machen, heißt **Reduktion**. `sum` und `max` kennst du. In dieser Einheit schreibst du
# eigene, und du lernst drei Fallen kennen, die keinen Fehler melden: den falschen Anfang, den zu kleinen Typ und den
# Überlauf.
#
# Du brauchst etwa 55 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Welche Achse verschwindet?
#
# `axis` nennt die Achsen, die **verschwinden**. Ein Film der Form `(n, h, w)` wird mit `axis=(1, 2)` zu einer Zahl je
# Bild, mit `axis=0` zu einem Bild. Ohne Angabe bleibt eine einzige Zahl. Mit `keepdims=True` bleiben die Achsen als
# Achsen der Länge 1 stehen; das Ergebnis passt dann durch Broadcasting wieder zum Film.
#
# **Was erwartest du?** Der Film unten hat die Form `(3, 4, 5)`. Schreib die fünf Formen auf, dann führe die Zelle aus.

# %%
rng = np.random.default_rng(5)
film = rng.uniform(20, 90, size=(3, 4, 5)).astype(np.float32)
frames = cp.asarray(film)
for axis in (None, 0, -1, (1, 2)):
    print(axis, frames.max(axis=axis).shape)
print("keepdims", frames.max(axis=(1, 2), keepdims=True).shape)

# %% [markdown]
# ## Was die Kette kostet
#
# Wie viel Wärme liegt in jedem Bild über 60 °C? Dafür wird von jedem Pixel 60 abgezogen, was darunter liegt, zählt als
# null, und der Rest wird summiert. Das ist eine Zeile.
#
# **Was erwartest du?** Wie viele Operationen startet sie?


# %%
def excess_chain(film, limit):
    return cp.maximum(film - limit, 0).sum(axis=(1, 2))


print(f"{checks.traffic(excess_chain, film, 60.0)[0]} Operationen")

# %% [markdown]
# Drei. Die ersten beiden lesen und schreiben je einen ganzen Film, die Summe liest noch einen. Das sind fünf Wege zum
# Speicher, jeder so groß wie der Film. Nötig ist einer: den Film lesen. Das Ergebnis ist winzig.

# %% [markdown]
# ## map, reduce, post
#
# Ein `ReductionKernel` macht alles auf einem Weg. Er besteht aus drei kurzen Stücken CUDA C:
#
# * **map** macht aus den Eingaben eines Elements einen Wert.
# * **reduce** macht aus zwei Zwischenergebnissen `a` und `b` eines, immer wieder, bis nur noch eines übrig ist.
# * **post** macht aus dem letzten, `a`, das Ergebnis.
#
# Dazu kommt der Wert, mit dem jeder Thread anfängt, die **Identität** (identity).
#
# ![Acht Temperaturen oben: 58, 63, 61, 59, 66, 60, 57, 62. map macht daraus 0, 3, 1, 0, 6, 0, 0, 2. reduce addiert sie
# paarweise zu 3, 1, 6, 2, dann zu 4 und 8, dann zu 12. post gibt y = 12 aus.](figures/tree.svg)

# %%
excess_kernel = cp.ReductionKernel(
    "T x, T limit",  # Eingaben
    "T y",  # Ausgabe
    "max(x - limit, T(0))",  # map
    "a + b",  # reduce
    "y = a",  # post
    "0",  # Identität
    "excess",  # Name
)


def excess(film, limit):
    return excess_kernel(film, limit, axis=(1, 2))


print(f"{checks.traffic(excess, film, 60.0)[0]} Operation")
print(excess(frames, 60.0), excess_chain(frames, 60.0))

# %% [markdown]
# `axis` und `keepdims` versteht der Kernel wie jede Reduktion in CuPy, und Broadcasting seiner Eingaben auch.
#
# ## In welcher Reihenfolge?
#
# Das legt niemand fest. Viele Threads fassen ihre Elemente gleichzeitig zusammen, und das Bild oben zeigt nur eine von
# vielen Möglichkeiten. Darum muss reduce in jeder Klammerung und jeder Reihenfolge dasselbe bedeuten: `a + b`, `max(a,
# b)` und `a * b` tun das, `a - b` nicht.
#
# **Was erwartest du?** Mit gerundeten Zahlen gilt das auch für die Summe nur fast. Die Zelle addiert dieselben drei
# Zahlen in zwei Reihenfolgen. Was kommt heraus?

# %%
large, one = np.float32(1e8), np.float32(1)
print((large + one) - large, (large - large) + one)

# %% [markdown]
# `float32` hat etwa sieben Stellen, und neben hundert Millionen geht die Eins verloren. Bei Summen von Temperaturen
# streut so die letzte Stelle. Vergleiche sie deshalb nie mit `==`.

# %% [markdown]
# ## Aufgabe 1: distance
#
# Wie weit ist ein Film vom Bild des kalten Werkstücks entfernt? Gemessen wird mit der **L2-Norm**: Differenz je Pixel,
# quadrieren, summieren, Wurzel ziehen. Schreibe `distance(film, reference, axis)`:
#
# * `film` hat die Form `(n, h, w)`, `reference` die Form `(h, w)`; beide haben denselben dtype, `float32` oder
#   `float64`.
# * `axis` ist `None`, eine Zahl oder ein Tupel, wie bei `sum`.
# * Das Ergebnis ist ein neues CuPy-Array mit dem dtype von `film`.
# * Höchstens 3 Operationen werden gestartet, nichts wird kopiert, und die Eingaben bleiben, wie sie sind.
#
# Drei, weil der Ersatz für CuPy Eingaben kopiert, die er dehnt oder deren Achsen er umstellt. CuPy selbst braucht eine.


# %% nbgrader={"grade_id": "distance", "solution": true}
def distance(film, reference, axis):
    # Dein Code, und über der Funktion, was sie braucht.
    raise NotImplementedError


# %% [markdown]
# Prüfe deine Funktion, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Filmen.

# %% nbgrader={"grade_id": "distance-test", "grade": true, "locked": true, "points": 7}
import checks

checks.distance(distance)
### BEGIN HIDDEN TESTS
import exam

exam.distance(distance)
### END HIDDEN TESTS

# %%
# Kommst du nicht weiter? Jeder Lauf dieser Zelle zeigt einen Tipp mehr.
checks.distance_hint()

# %% [markdown]
# ## Falle 1: der falsche Anfang
#
# Jeder Thread beginnt mit der Identität, und sie landet im Ergebnis. Sie darf es also nicht verändern.
#
# **Was erwartest du?** Der Kernel unten sucht die kleinste Temperatur, und alle liegen über 20 °C. Was findet er?

# %%
coldest_wrong = cp.ReductionKernel("T x", "T y", "x", "min(a, b)", "y = a", "0", "coldest_wrong")
print(coldest_wrong(frames), frames.min())

# %% [markdown]
# Die Null, mit der er anfing. Kein Pixel war kälter. Für jedes reduce gibt es genau eine richtige Identität:
#
# | reduce | Identität | bei `uint16` |
# | --- | --- | --- |
# | `a + b` | 0 | 0 |
# | `a * b` | 1 | 1 |
# | `max(a, b)` | −∞, in C `-1.0 / 0.0` | 0 |
# | `min(a, b)` | +∞, in C `1.0 / 0.0` | 65535 |

# %%
coldest = cp.ReductionKernel("T x", "T y", "x", "min(a, b)", "y = a", "1.0 / 0.0", "coldest")
print(coldest(frames), coldest(frames, axis=(1, 2)))

# %% [markdown]
# ## Falle 2: der zu kleine Typ
#
# Zwischenergebnisse haben den Typ der **Ausgabe**. Wo das `T` ist, hält der Kernel also eine Summe von `uint8` in
# `uint8`, und dort ist bei 255 Schluss.
#
# **Was erwartest du?** 200 + 100 in acht Bit: welche Zahl?

# %%
small = cp.asarray(np.array([200, 100], dtype=np.uint8))
narrow_total = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "narrow_total")
wide_total = cp.ReductionKernel("T x", "int64 y", "x", "a + b", "y = a", "0", "wide_total")
print(narrow_total(small), wide_total(small))

# %% [markdown]
# 300 − 256 = 44. Nimm für Summen ganzer Zahlen `int64`. Und `float32`? Es zählt nur bis 2²⁴ = 16 777 216 lückenlos.
# Danach kann eine Eins spurlos verschwinden; man sagt, die Summe **driftet**.
#
# Soll das Ergebnis `float32` sein, die Summe aber genauer gehalten werden, nennst du den Typ der Zwischenergebnisse
# eigens, mit seinem Namen in C: `reduce_type="double"`.
#
# **Was erwartest du?** Beide Kernel unten addieren 2²⁴, −2²⁴ und 1. Welcher verliert die Eins?

# %%
values = cp.asarray(np.array([2.0**24, -(2.0**24), 1], dtype=np.float32))
in_float = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "in_float")
in_double = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "in_double", reduce_type="double")
print(in_float(values), in_double(values))

# %% [markdown]
# Was die erste Zahl ist, hängt von der Reihenfolge ab: 0 oder 1. Die zweite ist immer 1.

# %% [markdown]
# ## Aufgabe 2: Finde die Fehler in frame_counts
#
# Diese Funktion soll für jedes Bild die Summe seiner Zählwerte und den kleinsten Zählwert liefern. Sie macht drei
# Fehler. Bring sie in Ordnung:
#
# * `counts` hat die Form `(n, h, w)` und den dtype `uint16`; alle 65 536 Werte können vorkommen.
# * Zurück kommt ein Tupel aus zwei neuen CuPy-Arrays der Form `(n,)`: die Summen in `int64`, die kleinsten in `uint16`.
# * Die Summen stimmen auf die letzte Stelle.
# * Höchstens 3 Operationen werden gestartet, nichts wird kopiert, und die Eingabe bleibt, wie sie ist.


# %% nbgrader={"grade_id": "frame_counts", "solution": true}
# Bring das in Ordnung; du darfst jede Zeile ändern.
total_kernel = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "total")
coldest_kernel = cp.ReductionKernel("T x", "T y", "x", "a < b ? a : b", "y = a", "0", "coldest")


def frame_counts(counts):
    return total_kernel(counts, axis=0), coldest_kernel(counts, axis=0)


# %% nbgrader={"grade_id": "frame_counts-test", "grade": true, "locked": true, "points": 7}
import checks

checks.frame_counts(frame_counts)
### BEGIN HIDDEN TESTS
import exam

exam.frame_counts(frame_counts)
### END HIDDEN TESTS

# %%
checks.frame_counts_hint()

# %% [markdown]
# ## Falle 3: der Überlauf
#
# Wie heiß ist die heißeste Stelle? Das Maximum antwortet mit einem einzigen Pixel, und dessen Rauschen ist dein
# Messfehler. Ruhiger ist ein **weiches Maximum**, bei dem alle Pixel nahe am Maximum mitreden:
#
# `soft = width * log(sum(exp(t / width)))`
#
# `width` sagt, über wie viele Grad „nahe“ reicht. Die Formel heißt auch **logsumexp**.
#
# **Was erwartest du?** Die größte Zahl in `float32` ist etwa 3,4 · 10³⁸, und e⁸⁹ ist schon größer. Was kommt bei 60 °C
# und der Breite 0,5 heraus?

# %%
t = np.array([59.0, 60.0, 60.5], dtype=np.float32)
width = np.float32(0.5)
with np.errstate(over="ignore"):
    print(width * np.log(np.exp(t / width).sum()))

# %% [markdown]
# e¹²⁰ passt nicht hinein, und der Logarithmus von unendlich ist unendlich. Dabei ist das Ergebnis ein harmloses 60,7.
#
# Die Rettung ist ein Rechengesetz: Zieht man vor dem `exp` von jedem Wert dieselbe Zahl `m` ab, wird das Ergebnis um
# genau `m` kleiner. Nimm für `m` das Maximum. Dann ist kein Exponent größer als 0, und mindestens einer ist genau 0.
# Die Summe liegt also zwischen 1 und der Anzahl der Pixel.

# %%
m = t.max()
print(m + width * np.log(np.exp((t - m) / width).sum()))

# %% [markdown]
# Welches Maximum? Das der Pixel, die zusammen reduziert werden, hier also das des eigenen Bildes. Ist `m` zu groß, wird
# aus jedem `exp` eine Null, und der Logarithmus von 0 ist minus unendlich.

# %% [markdown]
# ## Aufgabe 3: soft_maximum
#
# Schreibe `soft_maximum(temps, width)`, ein weiches Maximum je Bild:
#
# * `temps` hat die Form `(n, h, w)` und den dtype `float32` oder `float64`; `width` ist eine Python-Zahl über 0.
# * Die Bilder können heiß sein oder weit unter 0 °C liegen. Ausgeblendete Pixel sind `-inf`, aber nie alle eines
#   Bildes.
# * Das Ergebnis ist ein neues CuPy-Array der Form `(n,)` mit dem dtype von `temps`. Nichts läuft über.
# * Höchstens 6 Operationen werden gestartet, nichts wird kopiert, und die Eingabe bleibt, wie sie ist.


# %% nbgrader={"grade_id": "soft_maximum", "solution": true}
def soft_maximum(temps, width):
    # Dein Code, und über der Funktion, was sie braucht.
    raise NotImplementedError


# %% nbgrader={"grade_id": "soft_maximum-test", "grade": true, "locked": true, "points": 7}
import checks

checks.soft_maximum(soft_maximum)
### BEGIN HIDDEN TESTS
import exam

exam.soft_maximum(soft_maximum)
### END HIDDEN TESTS

# %%
checks.soft_maximum_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Zwei GPUs summieren denselben Film in `float32`, und ihre Ergebnisse unterscheiden sich in der letzten Stelle. Warum
# ist das kein Fehler? Und warum ist `a - b` als reduce einer, selbst wenn es bei dir einmal das Erwartete ergab? Drei
# oder vier Sätze. Ein Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "no_order", "grade": true, "solution": true, "points": 3}
# *Deine Antwort hier.*

# %% [markdown]
# ## Zum Mitnehmen
#
# * Eine Reduktion macht aus vielen Werten einen: map für jedes Element, reduce für je zwei, post am Ende.
# * `axis` nennt die Achsen, die verschwinden. `keepdims=True` lässt sie mit der Länge 1 stehen.
# * Die Identität landet im Ergebnis. Nimm die, die es nicht ändert.
# * Zwischenergebnisse haben den Typ der Ausgabe, oder den von `reduce_type`. Er muss die größte Summe fassen.
# * Zieh vor `exp` das Maximum ab.
# * Was es fertig gibt, nimm fertig: `sum`, `min`, `max` und `cp.linalg.norm` sind Reduktionen wie deine.
#
# ## Zum Weiterlesen
#
# * [CuPys Anleitung zu eigenen Kernels (englisch)](https://docs.cupy.dev/en/stable/user_guide/kernel.html)
# * [CuPys Beschreibung von ReductionKernel
#   (englisch)](https://docs.cupy.dev/en/stable/reference/generated/cupy.ReductionKernel.html)
# * [NVIDIA über Gleitkommazahlen auf der GPU (englisch)](https://docs.nvidia.com/cuda/floating-point/index.html)
