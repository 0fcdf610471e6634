# %% [markdown]
# # Histogramme ohne Wettlauf
#
# Wie viel vom Werkstück ist heißer als 60 Grad, und wie verteilt sich seine Wärme? Darauf antwortet ein **Histogramm**:
# Es sortiert Pixel in Fächer und zählt. Bisher hatte jeder Thread seinen eigenen Platz zum Schreiben. Jetzt zählen viele
# Threads an derselben Stelle.
#
# Danach kannst du
#
# * erklären, wie Threads bei einem Wettlauf Zählungen verlieren;
# * mit atomaren Operationen zählen und vergleichen, für alle Daten und jede Zahl von Fächern;
# * einen Wettlauf in einem Kernel finden und beheben.
#
# Du brauchst etwa 55 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import numpy as np
from numba import cuda

rng = np.random.default_rng(11)
heat = np.concatenate([rng.normal(24, 1.5, 700), rng.normal(62, 6, 300)]).astype(np.float32)
print(f"{heat.size} Pixel, davon {(heat > 60).sum()} heißer als 60 Grad")

# %% [markdown]
# ## Eine Zählung, die verloren geht
#
# Naheliegend ist ein Kernel, der für jedes heiße Pixel 1 addiert, `counts[0] += 1`. Er hat einen Fehler, und um den geht
# es in dieser Einheit.
#
# **Was erwartest du?** Was zählt der Kernel? Was richtig ist, steht in der Zeile oben. Schreib deine Vermutung auf und
# führe dann die Zelle aus.


# %%
@cuda.jit
def count_hot(heat, limit, counts):
    i = cuda.grid(1)
    if i < heat.shape[0] and heat[i] > limit:
        counts[0] += 1


pixels = cuda.to_device(heat)
counts = cuda.to_device(np.zeros(1, np.int32))
count_hot[4, 256](pixels, np.float32(60), counts)
print(f"gezählt: {counts.copy_to_host()[0]} heiße Pixel")

# %% [markdown]
# Fast alle Zählungen gingen verloren. Auf einer GPU kann die Zahl bei jedem Lauf anders sein, darum fängt ein Test so
# einen Fehler nur schwer. Die emulierte GPU beobachtet, wer was liest und schreibt. Sie sagt, in welcher Zeile sich
# Threads in die Quere kommen.
#
# Der Grund: `counts[0] += 1` sind **drei** Schritte. Ein Thread liest den Zähler, addiert 1 und schreibt das Ergebnis
# zurück. Zwischen Lesen und Schreiben können andere dasselbe tun. Die Zeichnung zeigt zwei Threads, A und B; die Zeit
# läuft nach rechts:
#
# ![Thread A, der Zähler counts[0] im Speicher und Thread B im Lauf der Zeit. Der Zähler steht auf 4. Erst liest A die 4, dann liest B die 4. Danach schreibt A 4 + 1, und der Zähler wird 5. Dann schreibt B 4 + 1, und der Zähler bleibt 5.](figures/race.svg)
#
# Beide Threads haben gezählt, aber der Zähler wuchs nur um eins. Hängt das Ergebnis davon ab, wer zuerst kommt, ist das
# ein **Wettlauf** (englisch *race*). Frage danach, sobald zwei Threads dieselbe Stelle benutzen und mindestens einer
# schreibt.
#
# ## Drei Schritte als einer
#
# Eine **atomare Operation** macht aus den drei Schritten einen, den niemand unterbrechen kann.
# `cuda.atomic.add(array, index, value)` addiert `value` zu `array[index]`. Alle Additionen finden statt, in irgendeiner
# Reihenfolge.


# %%
@cuda.jit
def count_hot_atomic(heat, limit, counts):
    i = cuda.grid(1)
    if i < heat.shape[0] and heat[i] > limit:
        cuda.atomic.add(counts, 0, 1)


counts = cuda.to_device(np.zeros(1, np.int32))
count_hot_atomic[4, 256](pixels, np.float32(60), counts)
print(f"gezählt: {counts.copy_to_host()[0]} heiße Pixel")

# %% [markdown]
# ## Von der Temperatur zum Fach
#
# Die Fächer eines Histogramms sind gleich breit. Mit `low = 20` und `width = 2` gehören in Fach 0 die Temperaturen von 20
# bis unter 22 Grad. In Fach 1 kommen die von 22 bis unter 24, und so weiter. Die Nummer des Fachs ist also
# `(t - low) / width`, abgerundet.
#
# **Was erwartest du?** Die Umwandlung mit `int` schneidet ab, was hinter dem Komma steht. In welche Fächer kommen so 19,9
# und 17,9 Grad? Gehören sie dorthin?

# %%
for t in (17.9, 19.9, 20.0, 21.9, 22.0, 61.0):
    print(f"{t} Grad: Fach {int((t - 20) / 2)}")

# %% [markdown]
# `int` rundet zur 0 hin, darum landen 19,9 Grad in Fach 0, wo sie nicht hingehören. Vergleiche mit `low`, *bevor* du
# umwandelst. Auch am anderen Ende braucht es einen Wächter: Ein Fach, das es nicht gibt, darf niemand anfassen.

# %% [markdown]
# ## Aufgabe 1: histogram
#
# Schreibe einen Kernel, der jede Temperatur aus `heat` in ihrem Fach in `counts` zählt:
#
# * Fach `b` zählt die Temperaturen von `low + b * width` bis unter `low + (b + 1) * width`;
# * Temperaturen unter dem ersten oder über dem letzten Fach werden nicht gezählt;
# * `counts` enthält ganze Zahlen, und du zählst zu dem dazu, was darin steht. Es kann ein einziges Fach geben oder mehr
#   Fächer als Pixel.
#
# Der Start hat mindestens einen Thread für jedes Pixel.


# %% nbgrader={"grade_id": "histogram", "solution": true}
@cuda.jit
def histogram(heat, low, width, counts):
    # Dein Code: Welches Fach, gibt es das, und wer zählt dort noch?
    pass


# %% [markdown]
# Prüfe deinen Kernel, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Größen.

# %% nbgrader={"grade_id": "histogram-test", "grade": true, "locked": true, "points": 6}
import checks

checks.histogram(histogram)
### BEGIN HIDDEN TESTS
import exam

exam.histogram(histogram)
### END HIDDEN TESTS

# %%
checks.histogram_hint()

# %% [markdown]
# Dein Histogramm des Werkstücks, mit Fächern von 4 Grad. Solange dein Kernel leer ist, gibt es keine Balken.

# %%
bins = cuda.to_device(np.zeros(16, np.int32))
histogram[4, 256](pixels, np.float32(20), np.float32(4), bins)
for number, count in enumerate(bins.copy_to_host()):
    print(f"{20 + 4 * number:3} Grad {count:4} {'#' * (int(count) // 8)}")

# %% [markdown]
# ## Was atomare Operationen kosten
#
# Threads, die sich an einer Stelle treffen, müssen sich anstellen. Links verteilen sich acht Threads auf vier Fächer, und
# auf jedes Fach kommen zwei. Rechts wollen alle acht in dasselbe Fach und sind nacheinander dran:
#
# ![Zwei Gruppen aus acht Threads, 0 bis 7, über je vier Fächern. Links führen Pfeile von je zwei Threads zu jedem Fach, und jedes Fach zeigt plus 2. Rechts führen alle acht Pfeile zum dritten Fach; es zeigt plus 8, die anderen plus 0.](figures/crowd.svg)
#
# Am schlimmsten ist das Histogramm eines fast einfarbigen Bildes, denn die meisten Pixel teilen sich ein Fach. In einer
# späteren Einheit zählt jeder Block erst einmal für sich. Bis dahin gilt: Richtig kommt vor schnell.
#
# Außer dem Addieren gibt es `cuda.atomic.max` und `cuda.atomic.min`; sie behalten den größeren oder den kleineren Wert.
# `cuda.atomic.cas` ersetzt einen Wert nur, wenn er noch der erwartete ist.

# %% [markdown]
# ## Aufgabe 2: hottest
#
# Schreibe einen Kernel, der den größten Rohwert eines Bildes findet. `raw` enthält ganze Zahlen, auch negative. `most` hat
# ein Element. Hinterher steht darin der größte Wert aller Pixel, oder es behält seinen eigenen, wenn der größer ist.


# %% nbgrader={"grade_id": "hottest", "solution": true}
@cuda.jit
def hottest(raw, most):
    # Dein Code: Vergleichen und Schreiben dürfen nicht auseinandergerissen werden.
    pass


# %% nbgrader={"grade_id": "hottest-test", "grade": true, "locked": true, "points": 4}
import checks

checks.hottest(hottest)
### BEGIN HIDDEN TESTS
import exam

exam.hottest(hottest)
### END HIDDEN TESTS

# %%
checks.hottest_hint()

# %% [markdown]
# ## Aufgabe 3: Finde die Fehler
#
# Die Steuerung der Maschine will für jede Zeile des Bildes wissen, wie viele Pixel heißer als `limit` sind. `counts` hat
# ein Element für jede Zeile und beginnt mit 0. Der Kernel unten hat zwei Fehler. Der eine zeigt sich bei Bildern, die
# breiter als hoch sind, der andere überall, wo eine Zeile mehrere heiße Pixel hat. Behebe beide.


# %% nbgrader={"grade_id": "hot_per_row", "solution": true}
@cuda.jit
def hot_per_row(image, limit, counts):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height and image[y, x] > limit:
        counts[x] += 1


# %% nbgrader={"grade_id": "hot_per_row-test", "grade": true, "locked": true, "points": 5}
import checks

checks.hot_per_row(hot_per_row)
### BEGIN HIDDEN TESTS
import exam

exam.hot_per_row(hot_per_row)
### END HIDDEN TESTS

# %%
checks.hot_per_row_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Jemand sagt: „Mein Kernel mit `counts[b] += 1` hat zehnmal das richtige Histogramm geliefert, also gibt es keinen
# Wettlauf.“ Was antwortest du? Sag, bei welchen Daten das gut gehen kann, bei welchen nicht, und warum. Drei oder vier
# Sätze. Ein Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why-race", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * `+= 1` heißt lesen, addieren und schreiben. Dazwischen können andere kommen.
# * Wo mehrere Threads an eine Stelle schreiben, nimmst du `cuda.atomic.add`, `max` oder `min`.
# * Vergleiche mit der unteren Grenze, bevor du `int` benutzt, und schütze das Fach genauso wie das Pixel.
# * Ein bestandener Test beweist nicht, dass es keinen Wettlauf gibt. Ein Werkzeug, das Zugriffe beobachtet, findet mehr.
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: welche atomaren Operationen es gibt (englisch)](https://nvidia.github.io/numba-cuda/user/intrinsics.html)
# * [CUDA Programming Guide von NVIDIA, mit einem Teil über atomare Funktionen (englisch)](https://docs.nvidia.com/cuda/cuda-programming-guide/)
