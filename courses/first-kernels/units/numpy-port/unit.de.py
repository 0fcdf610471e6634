# %% [markdown]
# # NumPy zieht um
#
# CuPy bietet die Schnittstelle von NumPy über dem Speicher einer GPU: dieselben Namen, dieselben Achsen, dasselbe
# Broadcasting. Darum zieht viel Code mit wenigen Änderungen um. Was du noch lernen musst, ist wenig und entscheidet
# alles: **wo die Daten liegen**, und was sie aus Versehen zurückholt.
#
# Die Daten dieser Einheit liefert eine Wärmebildkamera, die ein Maschinenteil beobachtet: Ein *Bild* ist eine Tabelle
# von Temperaturen in Grad Celsius, ein *Film* ist ein Stapel von Bildern.
#
# Du brauchst etwa 60 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import cupy as cp
import numpy as np

# %% [markdown]
# ## Zwei Speicher
#
# Der Prozessor, auf dem Python läuft, heißt **Host**, die GPU heißt **Device**. Beide haben ihren eigenen Speicher,
# und jede Kopie dazwischen ist langsam, verglichen mit dem Rechnen.
#
# ```
#   HOST                                          DEVICE
#   ┌──────────────────┐    cp.asarray(x)    ┌──────────────────┐
#   │  numpy.ndarray   │ ──────────────────► │   cupy.ndarray   │
#   │                  │ ◄────────────────── │                  │
#   └──────────────────┘    cp.asnumpy(y)    └──────────────────┘
#      np.sqrt(x), ...          y.get()         cp.sqrt(y), ...
#      der Prozessor rechnet                    die GPU rechnet
# ```
#
# Ein gutes GPU-Programm kopiert seine Eingaben einmal hinüber, rechnet, und holt das Ergebnis einmal zurück.

# %%
celsius = np.array([[20.5, 21.0, 64.5], [20.0, 71.5, 66.0]], dtype=np.float32)

frame = cp.asarray(celsius)  # eine Kopie zum Device
fahrenheit = frame * 1.8 + 32  # dort gerechnet
type(fahrenheit), fahrenheit.dtype, cp.asnumpy(fahrenheit)

# %% [markdown]
# Wer mit CuPy-Arrays rechnet, bekommt ein CuPy-Array. Wenn NumPy nach den Werten fragt, kopiert CuPy **nicht**
# stillschweigend, sondern weigert sich. Das hilft dir: Du siehst jede Stelle, an der Daten die GPU verlassen würden.

# %%
try:
    np.asarray(frame)
except TypeError as error:
    print(error)

# %% [markdown]
# ## Was kopiert, obwohl man es nicht sieht
#
# Die Summe eines Arrays ist bei CuPy keine Python-Zahl, sondern ein Array ohne Achsen, das weiter auf dem Device
# liegt. Solange du damit rechnest, wird nichts kopiert. Einige harmlose Zeilen brauchen die Zahl aber auf dem Host und
# warten, bis die GPU fertig ist:
#
# | Bleibt auf dem Device | Kopiert zum Host |
# | --- | --- |
# | `x.sum()`, `x.max()`, `x > 3` | `float(x.sum())`, `x.max().item()` |
# | `cp.where(x > 3, x, 0)` | `if (x > 3).any():` |
# | `x[2]`, `x.shape`, `x.dtype` | `print(x)`, `x.tolist()`, `for v in x: float(v)` |

# %%
hottest = frame.max()
print("ein Device-Array ohne Achsen:", type(hottest).__name__, hottest.shape)
print("jetzt eine Zahl auf dem Host:", float(hottest))

# %% [markdown]
# ## Achsen, die bleiben, und eine Funktion für beide Bibliotheken
#
# Eine Reduktion nimmt eine Achse weg: Aus der Form `(2, 3)` macht `sum(axis=1)` die Form `(2,)`. Willst du danach
# wieder mit der Tabelle rechnen, muss das Ergebnis zu den Zeilen passen. `keepdims=True` behält die Achse mit der
# Länge 1, und das Broadcasting zieht sie in die Breite:
#
# ```
#   frame (2, 3)        frame.mean(axis=1)            frame.mean(axis=1, keepdims=True)
#   ┌──┬──┬──┐
#   │  │  │  │          Form (2,): zwei Zahlen,       Form (2, 1):   ┌──┐
#   ├──┼──┼──┤          die entlang der Spalten                      ├──┤  eine je Zeile,
#   │  │  │  │          gezogen würden                               └──┘  entlang der Zeile
#   └──┴──┴──┘                                                             gezogen
# ```
#
# Eine Funktion, die mit beiden Bibliotheken arbeitet, fragt ihr Argument, wo es liegt. `cp.get_array_module(x)` gibt
# für ein CuPy-Array das Modul `cupy` und für ein NumPy-Array das Modul `numpy`. Üblich ist dafür der Name `xp`.


# %%
def above_row_mean(frame):
    """Wie weit jedes Pixel über dem Mittel seiner Zeile liegt; ein neues Array in der Bibliothek von `frame`."""
    xp = cp.get_array_module(frame)
    difference = frame - frame.mean(axis=1, keepdims=True)
    return xp.maximum(difference, 0)


print(type(above_row_mean(celsius)).__module__, type(above_row_mean(frame)).__module__)
above_row_mean(frame)

# %% [markdown]
# Erst vorhersagen, dann ausprobieren: Was geschieht in dieser Funktion, wenn du `keepdims=True` weglässt?

# %% [markdown]
# ## Aufgabe 1: normalise_rows
#
# Jede Zeile der Tabelle `x` ist der Temperaturverlauf einer Messstelle. Um die Verläufe miteinander zu vergleichen,
# bringst du jede Zeile auf die Länge 1: Teile sie durch die Wurzel aus der Summe ihrer Quadrate.
#
# Die Funktion unten erledigt das für NumPy, langsam, und macht nebenbei aus `float32` ein `float64`. Schreibe sie so um,
# dass
#
# * sie NumPy- und CuPy-Arrays nimmt und ein Array **derselben Bibliothek**, derselben Form und **desselben dtype**
#   zurückgibt;
# * eine Zeile aus Nullen eine Zeile aus Nullen bleibt, und eine Tabelle ohne Zeilen eine ohne Zeilen;
# * bei CuPy-Arrays alles **auf dem Device bleibt** und keine Python-Schleife über die Zeilen läuft;
# * `x` selbst **nicht verändert** wird.


# %% nbgrader={"grade_id": "normalise_rows", "solution": true}
def normalise_rows(x):
    # Nur für NumPy. Dein Code ersetzt das alles.
    out = np.zeros(x.shape)
    for i in range(x.shape[0]):
        length = np.sqrt(float((x[i] * x[i]).sum()))
        out[i] = x[i] / length if length > 0 else 0
    return out


# %% [markdown]
# Prüfe deine Funktion, so oft du magst. Neben dem Ergebnis zählt die Prüfung die Kopien zwischen den beiden Speichern
# und die Operationen auf dem Device. Die Punkte kommen aus derselben Prüfung mit anderen Formen.

# %% nbgrader={"grade_id": "normalise_rows-test", "grade": true, "locked": true, "points": 6}
import checks

checks.normalise_rows(normalise_rows)
### BEGIN HIDDEN TESTS
import exam

exam.normalise_rows(normalise_rows)
### END HIDDEN TESTS

# %% [markdown]
# ## Auswählen ohne `if`
#
# Ein `if` stellt eine Frage für das ganze Programm; eine Tabelle braucht eine Antwort je Element. Das ist eine
# **Maske**: ein Array aus Wahrheitswerten. `xp.where(maske, a, b)` nimmt jedes Element aus `a` oder aus `b`, und
# `maske.sum()` zählt.

# %%
hot = frame > 60
print(hot)
print(cp.where(hot, frame, 0))
print(hot.sum(axis=1), hot.sum().dtype)

# %% [markdown]
# Achte auf den letzten dtype. Eine Anzahl ist ein `int64`, und `float32` geteilt durch `int64` wird `float64`: doppelt
# so viel Speicher, und auf vielen GPUs nur ein kleiner Teil der Geschwindigkeit. Wandle die Anzahl um, nicht erst das,
# was danach herauskommt:

# %%
counts = hot.sum(axis=1)
total = frame.sum(axis=1)
print((total / counts).dtype, (total / counts.astype(total.dtype)).dtype)

# %% [markdown]
# ## Aufgabe 2: hot_mean
#
# Ein Film `frames` hat die Form `(n, Höhe, Breite)`. Schreibe eine Funktion, die für jedes der `n` Bilder den
# Mittelwert der Pixel liefert, die **heißer als** `limit` sind: ein Array der Form `(n,)`. Ein Pixel genau auf der
# Grenze zählt nicht. Ein Bild ohne heißes Pixel bekommt 0.
#
# Es gelten dieselben Regeln wie oben: dieselbe Bibliothek, derselbe dtype wie `frames`, nichts verlässt das Device,
# keine Schleife über Bilder oder Pixel, und `frames` bleibt, wie es ist. Reduktionen nehmen mehrere Achsen auf einmal:
# `axis=(1, 2)`.


# %% nbgrader={"grade_id": "hot_mean", "solution": true}
def hot_mean(frames, limit):
    # Dein Code: Welche Pixel sind heiß, was ergibt ihre Summe, und wie viele sind es?
    raise NotImplementedError


# %% nbgrader={"grade_id": "hot_mean-test", "grade": true, "locked": true, "points": 6}
import checks

checks.hot_mean(hot_mean)
### BEGIN HIDDEN TESTS
import exam

exam.hot_mean(hot_mean)
### END HIDDEN TESTS

# %% [markdown]
# ## Zum Mitnehmen
#
# * Einmal hinüberkopieren, auf dem Device rechnen, einmal zurückholen.
# * `float()`, `.item()`, `if` und `print` auf einem Device-Array sind verkleidete Kopien.
# * `keepdims=True` und Masken ersetzen Schleifen; `xp` macht aus zwei Funktionen eine.
# * Sieh nach jedem Schritt auf `.dtype`, bis es dich nicht mehr überrascht.
#
# Wo keine GPU ist, vertritt hier der Ersatz von Lehrwerk das echte `cupy`: Er hält sich an die Regeln von CuPy und
# zählt die Kopien, aber seine Geschwindigkeit sagt nichts. Auf einer echten GPU läuft dasselbe Notebook mit CuPy.
