# %% [markdown]
# # Zählen ohne Verluste
#
# Wo beginnt in einem Wärmebild die heiße Zone? Darauf antwortet ein **Histogramm**. Es zählt, wie viele Pixel in jeder
# Temperaturklasse liegen. Zwei Hügel zeigen sich, das kühle Teil und die heiße Zone, und im Tal dazwischen liegt die
# Grenze.
#
# Zählen scheint das Einfachste der Welt zu sein. Auf einem Array steckt darin eine Falle, die fast alle Pixel verliert
# und keinen Fehler meldet. In dieser Einheit siehst du, warum, und lernst drei Wege daran vorbei.
#
# Du brauchst etwa 50 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import checks
import cupy as cp
import cupyx
import numpy as np

# %% [markdown]
# ## Welche Klasse ist es?
#
# Die Intervalle heißen **Klassen** (bins). `k` Klassen brauchen `k + 1` **Grenzen** (edges) in aufsteigender Folge. Ein
# Wert gehört zu einer Klasse, wenn er die untere Grenze erreicht und unter der oberen bleibt. `searchsorted` findet den
# Platz jedes Wertes zwischen den Grenzen, alle Werte in einer Operation.
#
# ![Eine Skala mit Grenzen bei 20, 40, 60 und 80 Grad. Die Plätze 1, 2 und 3 liegen zwischen den Grenzen, Platz 0 links
# von 20 Grad, Platz 4 rechts von 80 Grad. 18 Grad fällt auf Platz 0, 25 auf Platz 1, 60 und 71,5 auf Platz
# 3.](figures/bins.svg)
#
# Mit `side="right"` kommt ein Wert auf einer Grenze rechts von ihr zu liegen: 60 °C hat den Platz 3. Beachte die beiden
# Plätze außerhalb. Vier Grenzen ergeben fünf Plätze, von 0 bis 4, und nur 1 bis 3 sind Klassen.
#
# **Was erwartest du?** Welche Plätze bekommen 18, 25, 60, 71,5 und 80 Grad?

# %%
edges = cp.asarray(np.array([20, 40, 60, 80], dtype=np.float32))
temps = cp.asarray(np.array([18, 25, 60, 71.5, 80], dtype=np.float32))
cp.searchsorted(edges, temps, side="right")

# %% [markdown]
# 80 °C liegt außerhalb: Die letzte Grenze gehört zu keiner Klasse. So zählen wir hier. `cp.histogram` hält es anders und
# rechnet die letzte Grenze zur letzten Klasse. Lies also nach, was eine Funktion tut, bevor du zwei Histogramme
# vergleichst.

# %% [markdown]
# ## Die Falle
#
# Jetzt wird gezählt. Für jedes Pixel soll der Zähler an seinem Platz um eins wachsen. Mit einem Array von Plätzen ist
# das eine Zeile.
#
# **Was erwartest du?** Unten kommt Platz 1 dreimal vor, Platz 2 einmal und Platz 0 einmal. Schreib die vier Zähler auf,
# dann führe die Zelle aus.

# %%
place = cp.asarray([0, 1, 1, 2, 1])
counts = cp.zeros(4, cp.int32)
counts[place] += 1
counts

# %% [markdown]
# Platz 1 wurde **einmal** gezählt. Python zerlegt die Zeile in drei Schritte, und jeder arbeitet auf ganzen Arrays:
#
# 1. Lesen: `old = counts[place]` liefert fünf Werte, alle 0.
# 2. Addieren: `new = old + 1` liefert fünf Werte, alle 1.
# 3. Schreiben: `counts[place] = new` schreibt eine 1 auf Platz 1, dreimal.
#
# ![Links die Zeile h[idx] += 1: Drei Additionen lesen dieselbe 5, jede errechnet 6, und alle drei schreiben 6. Rechts
# scatter_add: Die Additionen kommen nacheinander und führen von 5 über 6 und 7 zu 8.](figures/lost.svg)
#
# NumPy macht es genauso; die GPU kann nichts dafür. Auf der GPU wird aber wirklich gleichzeitig geschrieben. Wären es
# verschiedene Werte, könnte niemand sagen, welcher stehen bleibt.

# %% [markdown]
# ## Addieren in einem Stück
#
# Eine **atomare** Addition liest, addiert und schreibt in einem Stück, das niemand unterbrechen kann.
# `cupyx.scatter_add` verwendet sie für jeden Index, darum zählt jede Wiederholung.

# %%
counts = cp.zeros(4, cp.int32)
cupyx.scatter_add(counts, place, 1)
counts

# %% [markdown]
# Auch `cp.bincount(place, minlength=4)` zählt, und ein dritter Weg kommt ganz ohne Zähler aus: die Werte sortieren und
# fragen, wo die Grenzen stehen würden. Zu den ersten beiden solltest du wissen:
#
# | | `cupyx.scatter_add(counts, place, v)` | `cp.bincount(place, weights, minlength)` |
# | --- | --- | --- |
# | addiert | `v`: eine Zahl oder einen Wert je Index | Einsen oder `weights` |
# | dtype | der von `counts`: `int32`, `uint32`, `uint64`, `float32`, `float64` | `int64`, mit Gewichten `float64` |
# | Länge | die von `counts` | größter Platz plus eins, mindestens `minlength` |
# | wartet auf das Device | nein | ja: es sucht den kleinsten und den größten Platz |
# | leere Eingabe | geht | lehnt CuPy ab |
#
# `int64` fehlt in der ersten Spalte: CuPy lehnt es dort ab, während der Ersatz, den du hier vielleicht benutzt, es
# nimmt. Zähle mit `int32`. Das reicht für zwei Milliarden Pixel.

# %% [markdown]
# ## Eine Probe, die immer stimmt
#
# Was das Bild auch zeigt: Die Zähler müssen zusammen die Zahl der Pixel ergeben, solange jeder Platz einen Zähler hat.
#
# **Was erwartest du?** Das Bild unten hat 24 × 32 = 768 Pixel, und es gibt 14 Plätze. Wie groß kann die Summe mit
# `+= 1` höchstens werden?

# %%
rng = np.random.default_rng(11)
scene = rng.normal(30, 3, size=(24, 32)).astype(np.float32)
scene[8:16, 10:20] += 40  # die heiße Zone

frame = cp.asarray(scene)
scale = cp.asarray(np.arange(20, 85, 5, dtype=np.float32))  # 13 Grenzen, 12 Klassen
place = cp.searchsorted(scale, frame.ravel(), side="right")

wrong = cp.zeros(14, cp.int32)
wrong[place] += 1
right = cp.zeros(14, cp.int32)
cupyx.scatter_add(right, place, 1)
print("+= 1:       ", wrong, "sum", wrong.sum())
print("scatter_add:", right, "sum", right.sum())

# %% [markdown]
# Die zweite Zeile zeigt beide Hügel und das Tal. Die erste sagt nur, welche Plätze überhaupt vorkommen.

# %% [markdown]
# ## Außerhalb geht es von vorn los
#
# Noch ein Unterschied zu NumPy. Zeigt ein Index-Array nach außerhalb, wirft NumPy einen `IndexError`. CuPy kann das
# nicht: Um es zu wissen, müsste es auf das Device warten. Stattdessen beginnt der Index **wieder von vorn**.
#
# **Was erwartest du?** Es gibt vier Zähler mit den Indizes 0 bis 3. Welche davon wachsen?

# %%
counts = cp.zeros(4, cp.int32)
cupyx.scatter_add(counts, cp.asarray([-1, 4, 5]), 1)
counts

# %% [markdown]
# Der Index -1 ist der letzte Zähler, wie überall in Python. Aber aus 4 wurde 0, und aus 5 wurde 1. Ein Pixel außerhalb
# der Skala landet dann in einer Klasse, in der es nichts zu suchen hat. Die Abhilfe kostet zwei Zähler: Gib den Plätzen
# außerhalb je einen eigenen, und schneide beide am Ende ab.

# %% [markdown]
# ## Aufgabe 1: Finde die Fehler in temperature_histogram
#
# Diese Funktion kam mit den Worten „bei mir im Test läuft sie“ zu dir. Der Test war eine Zeile aus lauter verschiedenen
# Temperaturen, alle innerhalb der Skala. Bring sie in Ordnung:
#
# * `temps` hat die Form `(h, w)`, `edges` die Form `(k + 1,)`, aufsteigend. Beide sind `float32` auf dem Device.
# * Gib ein CuPy-Array mit `k` Zählern zurück, dtype `int32`. Zähler `i` zählt die Pixel mit
#   `edges[i] <= t < edges[i + 1]`.
# * Ein Pixel außerhalb aller Klassen wird nicht gezählt, eines auf der letzten Grenze auch nicht. Ein Bild ohne Pixel
#   ergibt Nullen.
# * Höchstens 64 Bytes kommen zum Host zurück. Keine Python-Schleife läuft über Klassen oder Pixel, und die Eingaben
#   bleiben, wie sie sind.


# %% nbgrader={"grade_id": "temperature_histogram", "solution": true}
def temperature_histogram(temps, edges):
    # Bring das in Ordnung; du darfst jede Zeile ändern.
    place = cp.searchsorted(edges, temps.ravel(), side="right") - 1
    counts = cp.zeros(edges.size - 1, cp.int32)
    counts[place] += 1
    return counts


# %% [markdown]
# Prüfe deine Funktion, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Bildern.

# %% nbgrader={"grade_id": "temperature_histogram-test", "grade": true, "locked": true, "points": 7}
import checks

checks.temperature_histogram(temperature_histogram)
### BEGIN HIDDEN TESTS
import exam

exam.temperature_histogram(temperature_histogram)
### END HIDDEN TESTS

# %%
# Kommst du nicht weiter? Jeder Lauf dieser Zelle zeigt einen Tipp mehr.
checks.temperature_histogram_hint()

# %% [markdown]
# ## Nach Nummern summieren
#
# Mit einer Grenze aus dem Histogramm zerfällt das Bild in **Segmente**: zusammenhängende Zonen, jede mit einer Nummer.
# Die Tabelle dieser Nummern heißt `labels`; -1 bedeutet Hintergrund. Von jedem Segment wollen wir die mittlere
# Temperatur wissen.
#
# Auch das ist Zählen, nur bringt jedes Pixel statt einer Eins seine Temperatur mit. `scatter_add` nimmt dafür ein Array
# von Werten, so lang wie das Array der Plätze. Bei `float32` ändert die Reihenfolge der Additionen die letzten Stellen,
# und sie kann bei jedem Lauf eine andere sein. Vergleiche solche Summen also mit einer Toleranz.

# %%
labels = cp.asarray([0, 1, 1, 0, 2])
values = cp.asarray(np.array([20, 50, 54, 22, 90], dtype=np.float32))
total = cp.zeros(3, cp.float32)
cupyx.scatter_add(total, labels, values)
total

# %% [markdown]
# ## Aufgabe 2: segment_means
#
# Schreibe `segment_means(temps, labels, count)`:
#
# * `temps` (`float32`) und `labels` (`int32`) haben dieselbe Form `(h, w)` und liegen auf dem Device. `count` ist eine
#   Python-Zahl: Die Nummern gehen von 0 bis `count - 1`, und -1 ist Hintergrund.
# * Gib ein CuPy-Array der Form `(count,)` mit dem dtype von `temps` zurück: das Mittel der Pixel jedes Segments. Ein
#   Segment ohne Pixel bekommt 0.
# * Der Hintergrund gehört zu keinem Segment.
# * Es gelten die Grenzen von vorhin: 64 Bytes zum Host, keine Python-Schleife über Segmente, Eingaben unverändert.


# %% nbgrader={"grade_id": "segment_means", "solution": true}
def segment_means(temps, labels, count):
    # Dein Code: Was ist zu addieren, und wohin geht der Hintergrund?
    raise NotImplementedError


# %% nbgrader={"grade_id": "segment_means-test", "grade": true, "locked": true, "points": 7}
import checks

checks.segment_means(segment_means)
### BEGIN HIDDEN TESTS
import exam

exam.segment_means(segment_means)
### END HIDDEN TESTS

# %%
checks.segment_means_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Warum besteht `counts[place] += 1` einen Test, in dem alle Plätze verschieden sind? Welchen Test würdest du schreiben,
# damit sich der Fehler nicht verstecken kann, und was genau vergleicht er? Drei oder vier Sätze. Ein Mensch liest und
# bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "hidden_bug", "grade": true, "solution": true, "points": 3}
# *Deine Antwort hier.*

# %% [markdown]
# ## Zum Mitnehmen
#
# * `h[idx] += v` liest alles, addiert alles, schreibt alles. Von mehreren gleichen Indizes überlebt einer.
# * `cupyx.scatter_add` addiert atomar, `cp.bincount` zählt, und Sortieren braucht gar keine Zähler.
# * Ein Index außerhalb beginnt stillschweigend wieder von vorn. Gib den Werten außerhalb eigene Zähler.
# * Teste das Zählen mit vielen gleichen Werten, mit Werten auf den Grenzen und außerhalb, und ganz ohne Werte. Die Summe
#   muss stimmen.
# * Atomare Additionen von `float32` kommen in beliebiger Reihenfolge. Vergleiche mit einer Toleranz.
#
# ## Zum Weiterlesen
#
# * [CuPys Beschreibung von scatter_add
#   (englisch)](https://docs.cupy.dev/en/stable/reference/generated/cupyx.scatter_add.html)
# * [CuPys Liste der Unterschiede zu NumPy, mit Indizes außerhalb
#   (englisch)](https://docs.cupy.dev/en/stable/user_guide/difference.html)
# * [NumPys Beschreibung von searchsorted
#   (englisch)](https://numpy.org/doc/stable/reference/generated/numpy.searchsorted.html)
