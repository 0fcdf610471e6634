# %% [markdown]
# # Arrays auf der GPU
#
# Eine Wärmebildkamera beobachtet ein Werkstück, während es gefräst wird. Jedes Bild wird in mehreren Schritten
# ausgewertet: das Dunkelbild abziehen, glätten, markieren, was zu heiß ist. Für jeden Schritt gibt es einen Kernel.
# Aber wo liegen die Daten dazwischen?
#
# Bisher hast du in diesem Kurs `cuda.to_device` hingeschrieben, ohne darüber nachzudenken. In dieser Einheit zählst du,
# was es tut. Danach kannst du
#
# * Daten auf die GPU legen, dort Platz für Ergebnisse schaffen und das Ergebnis abholen;
# * Kernel so verketten, dass die Eingaben einmal hinübergehen und das Ergebnis einmal zurückkommt;
# * Kopien, die niemand braucht, durch Zählen finden und beheben.
#
# Du brauchst etwa 55 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import warnings

import checks
import numpy as np
from numba import cuda

raw = np.random.default_rng(7).integers(500, 2000, 1000).astype(np.uint16)
print(f"raw: {raw.size} Pixel, {raw.nbytes} Bytes")

# %% [markdown]
# ## Es läuft, aber
#
# Der Prozessor, auf dem Python läuft, heißt **Host**. Er hat seinen Speicher, und die GPU hat ihren eigenen. Ein Kernel
# kommt nur an das heran, was auf der GPU liegt. Trotzdem nimmt Numba auch NumPy-Arrays an. Der Kernel unten macht aus
# Rohwerten mit 2 Bytes Temperaturen mit 4 Bytes, und er bekommt zwei NumPy-Arrays.
#
# `checks.traffic(Funktion, ...)` ruft eine Funktion auf und liefert drei Zahlen: die Starts, die Bytes zur GPU und die
# Bytes zurück.
#
# **Was erwartest du?** `raw` hat 2000 Bytes, `celsius` hat 4000. Wie viele Bytes gehen zur GPU, und wie viele kommen
# zurück? Schreib zwei Zahlen auf und führe dann die Zelle aus.


# %%
@cuda.jit
def calibrate(raw, celsius):
    for i in range(cuda.grid(1), raw.size, cuda.gridsize(1)):
        celsius[i] = np.float32(raw[i]) * np.float32(0.04)


def with_numpy(raw):
    celsius = np.empty(raw.size, np.float32)
    calibrate[4, 256](raw, celsius)
    return celsius


launches, to_device, to_host = checks.traffic(with_numpy, raw)
print(f"{launches} Start, {to_device} Bytes zur GPU, {to_host} Bytes zurück")

# %% [markdown]
# 6000 Bytes in jede Richtung, wo 2000 und 4000 gereicht hätten. Numba weiß nicht, was der Kernel nur liest und was er
# nur schreibt. Also kopiert es vor dem Start **jedes** Array hinüber und danach jedes zurück: Sogar das leere `celsius`
# ging hinüber, und `raw` kam unverändert wieder.
#
# Numba warnt dich davor. Normalerweise siehst du die Warnung in Rot; hier wird sie abgefangen und ausgegeben.

# %%
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    with_numpy(raw)
print(*sorted({str(warning.message) for warning in said}), sep="\n")

# %% [markdown]
# Warum ist das wichtig? Der Weg zwischen den beiden Speichern ist schmal. Ein Steckplatz nach PCIe 5.0 mit 16 Lanes
# schafft höchstens 63 Gigabyte in der Sekunde, der Speicher einer H200 schafft 4800. Bei einem einfachen Kernel dauern
# die Kopien viel länger als die Arbeit.
#
# ## Drei Aufrufe
#
# Was hinüber- und zurückgeht, bestimmst du selbst, mit drei Aufrufen:
#
# | Aufruf | Was du bekommst | Was kopiert wird |
# | --- | --- | --- |
# | `cuda.to_device(a)` | ein neues Array auf der GPU mit den Werten von `a` | ganz `a`, zur GPU |
# | `cuda.device_array(shape, dtype)` | ein neues Array auf der GPU, in dem noch nichts steht | nichts |
# | `d.copy_to_host()` | ein neues NumPy-Array mit den Werten von `d` | ganz `d`, zurück zum Host |
#
# Ein Array, das auf der GPU liegt, heißt **Device-Array**. Ein Kernel, der eins bekommt, arbeitet gleich dort damit.
#
# **Was erwartest du?** Die Funktion unten macht aus 1000 Temperaturen mit 4 Bytes Kelvin mit 4 Bytes. Wie viele Bytes
# werden jetzt in jede Richtung kopiert?


# %%
@cuda.jit
def to_kelvin(celsius, kelvin):
    for i in range(cuda.grid(1), celsius.size, cuda.gridsize(1)):
        kelvin[i] = celsius[i] + np.float32(273.15)


def kelvin_of(celsius):
    celsius_there = cuda.to_device(celsius)
    kelvin_there = cuda.device_array(celsius.size, np.float32)
    to_kelvin[4, 256](celsius_there, kelvin_there)
    return kelvin_there.copy_to_host()


launches, to_device, to_host = checks.traffic(kelvin_of, raw * np.float32(0.04))
print(f"{launches} Start, {to_device} Bytes zur GPU, {to_host} Bytes zurück")

# %% [markdown]
# Jeder Wert wird einmal kopiert, und weniger geht nicht. Zwei Dinge musst du im Blick behalten:
#
# * Ein Device-Array ist eine **Kopie**. Was ein Kernel hineinschreibt, steht in keinem NumPy-Array, bis du es abholst.
# * `device_array` füllt nichts ein, und ohne `dtype` sind die Elemente `float64`. Was steht also darin?

# %%
print(cuda.device_array(4, np.float32).copy_to_host())

# %% [markdown]
# Auf der emulierten GPU siehst du `nan`, damit es dir auffällt. Auf einer echten ist es, was gerade dort lag. Deshalb
# muss ein Kernel jedes Element schreiben, bevor ein anderer es liest.

# %% [markdown]
# ## Aufgabe 1: calibrated
#
# Schreibe eine Funktion, die ein Bild `raw` auf dem Host bekommt, ein NumPy-Array mit `uint16`. Sie gibt die
# Temperaturen als gleich langes NumPy-Array mit `float32` zurück. Die Arbeit macht der Kernel `calibrate` von oben, mit
# einem Start.
#
# * `raw` geht einmal hinüber, die Temperaturen kommen einmal zurück, und sonst wird nichts kopiert.
# * `raw` kann jede Länge ab 1 haben.


# %% nbgrader={"grade_id": "calibrated", "solution": true}
def calibrated(raw):
    # Dein Code: hinüber, Platz für das Ergebnis, Start, zurück.
    raise NotImplementedError


# %% [markdown]
# Prüfe deine Funktion, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Größen.

# %% nbgrader={"grade_id": "calibrated-test", "grade": true, "locked": true, "points": 6}
import checks

checks.calibrated(calibrated)
### BEGIN HIDDEN TESTS
import exam

exam.calibrated(calibrated)
### END HIDDEN TESTS

# %%
checks.calibrated_hint()

# %% [markdown]
# ## Drei Kernel hintereinander
#
# Nun die ganze Auswertung. `subtract` zieht das Dunkelbild ab, `smooth` mittelt jedes Pixel mit seinen beiden Nachbarn,
# und `mark` schreibt eine 1, wo es heißer ist als die Grenze. Die Funktion unten gibt allen dreien NumPy-Arrays.
#
# **Was erwartest du?** Es sind 1000 Pixel mit je 4 Bytes, und `hot` hat je 1 Byte. Zähle für jeden Start zusammen, was
# hinübergeht. Sag dann, was wirklich kopiert werden müsste: welche Arrays, und wie viele Bytes?


# %%
@cuda.jit
def subtract(raw, dark, clean):
    for i in range(cuda.grid(1), raw.size, cuda.gridsize(1)):
        clean[i] = raw[i] - dark[i]


@cuda.jit
def smooth(values, out):
    for i in range(cuda.grid(1), values.size, cuda.gridsize(1)):
        left, right = max(i - 1, 0), min(i + 1, values.size - 1)
        out[i] = (values[left] + values[i] + values[right]) / np.float32(3)


@cuda.jit
def mark(values, limit, hot):
    for i in range(cuda.grid(1), values.size, cuda.gridsize(1)):
        hot[i] = 1 if values[i] > limit else 0


def there_and_back(raw, dark, limit):
    clean, even = np.empty_like(raw), np.empty_like(raw)
    hot = np.empty(raw.size, np.uint8)
    subtract[4, 256](raw, dark, clean)
    smooth[4, 256](clean, even)
    mark[4, 256](even, limit, hot)
    return hot


image = raw * np.float32(0.04)
dark = np.full(1000, 2, np.float32)
launches, to_device, to_host = checks.traffic(there_and_back, image, dark, np.float32(60))
print(f"{launches} Starts, {to_device} Bytes zur GPU, {to_host} Bytes zurück")

# %% [markdown]
# 25.000 Bytes in jede Richtung: 12.000 für `subtract`, 8.000 für `smooth` und 5.000 für `mark`. Nötig sind hin nur das
# Bild und das Dunkelbild, 8.000 Bytes, und zurück die 1.000 Markierungen.
#
# ![Zwei Bilder, links jeweils der Host und rechts die GPU, und auf der GPU die Kernel subtract, smooth und mark. Im linken Bild führen Pfeile zu jedem Kernel hin und wieder zurück, insgesamt sechs. Im rechten Bild führt ein Pfeil zu subtract, auf der GPU führen Pfeile weiter zu smooth und mark, und ein Pfeil führt von mark zurück.](figures/trips.svg)
#
# Die Zwischenergebnisse `clean` und `even` gehen den Host nichts an. Sie entstehen auf der GPU, werden dort gelesen und
# verlassen sie nie.

# %% [markdown]
# ## Aufgabe 2: hot_spots
#
# Schreibe die Auswertung so, dass nur das Nötige kopiert wird. `raw` und `dark` sind gleich lange NumPy-Arrays mit
# `float32`, und `limit` ist eine Zahl. Das Ergebnis ist ein NumPy-Array mit `uint8`: 1, wo das geglättete Bild heißer
# ist als die Grenze, und sonst 0.
#
# * Abziehen, glätten, markieren: Die Arbeit machen die Kernel von oben, mit höchstens drei Starts.
# * Beide Eingaben gehen einmal hinüber, und das Ergebnis kommt einmal zurück. Dazwischen wird nichts kopiert.
# * `raw` und `dark` bleiben, wie sie sind.


# %% nbgrader={"grade_id": "hot_spots", "solution": true}
def hot_spots(raw, dark, limit):
    # Dein Code: Was geht hinüber, was ist nur Platz auf der GPU, und was kommt zurück?
    raise NotImplementedError


# %% nbgrader={"grade_id": "hot_spots-test", "grade": true, "locked": true, "points": 8}
import checks

checks.hot_spots(hot_spots)
### BEGIN HIDDEN TESTS
import exam

exam.hot_spots(hot_spots)
### END HIDDEN TESTS

# %%
checks.hot_spots_hint()

# %% [markdown]
# ## Zeilen, die still kopieren
#
# Seine Länge, seine Form und seinen Typ kennt ein Device-Array, ohne die GPU zu fragen. Mit seinen Werten ist es
# anders: Wer einen sehen will, muss ihn holen.
#
# **Was erwartest du?** `x` ist ein Device-Array mit 1000 Elementen zu 4 Bytes. Schreib für jede Zeile auf, wie viele
# Bytes zurückkommen. Führe dann die Zelle aus.

# %%
lines = {
    "x.size": lambda x: x.size,
    "x[0]": lambda x: x[0],
    "x.copy_to_host()[:10]": lambda x: x.copy_to_host()[:10],
    "x[:10].copy_to_host()": lambda x: x[:10].copy_to_host(),
    "x.copy_to_host().max()": lambda x: x.copy_to_host().max(),
}
there = cuda.to_device(image)
for name, line in lines.items():
    launches, to_device, to_host = checks.traffic(line, there)
    print(f"{name:23} {to_host} Bytes zurück")

# %% [markdown]
# Ein Teil eines Device-Arrays, `x[:10]`, ist selbst ein Device-Array im selben Speicher. Hol also den Teil, und nicht
# das Ganze, um dann einen Teil davon zu nehmen. Und ein einzelnes Element ist eine Kopie wie jede andere: In einer
# Schleife über 1000 Elemente wären es 1000.
#
# ## Zwei Arrays wechseln sich ab
#
# Geglättet wird oft mehrmals, und jeder Schritt liest, was der Schritt davor geschrieben hat. Ein Array reicht dafür
# nicht: Ein Thread würde Nachbarn lesen, die andere schon ersetzt haben. **Zwei** reichen aber, für jede Zahl von
# Schritten. Aus einem wird gelesen, in das andere wird geschrieben, und dann tauschen sie die Rollen.
#
# ![Drei Schritte. In jedem gibt es die Arrays A und B. In Schritt 1 führt ein Pfeil von A nach B, in Schritt 2 von B nach A, in Schritt 3 von A nach B. Das zuletzt geschriebene Array B hat einen dicken Rahmen.](figures/turns.svg)
#
# `now, later = later, now` tauscht nur die beiden Namen. Kein Wert bewegt sich, weder zum Host noch auf der GPU.
#
# **Was erwartest du?** In welchem Array steht nach vier Schritten das Ergebnis, und unter welchem Namen?

# %%
now, later = "A", "B"
for step in range(1, 5):
    print(f"Schritt {step}: liest {now}, schreibt {later}")
    now, later = later, now
print(f"Das Ergebnis ist in {now}, und das heißt jetzt now")

# %% [markdown]
# ## Aufgabe 3: Finde die Fehler
#
# `smoothed(row, steps)` soll eine Reihe von Temperaturen `steps`-mal glätten, mit einem Start je Schritt. `row` ist ein
# NumPy-Array mit `float32` und mindestens 2 Elementen, `steps` ist mindestens 1. Das Ergebnis ist ein neues
# NumPy-Array.
#
# Die Funktion unten gibt die Reihe immer so zurück, wie sie war. Außerdem kopiert sie in jedem Schritt. Behebe beides:
# Die Reihe geht einmal hinüber, das Ergebnis kommt einmal zurück, und dazwischen bleibt alles auf der GPU.


# %% nbgrader={"grade_id": "smoothed", "solution": true}
def smoothed(row, steps):
    result = np.zeros_like(row)
    for _ in range(steps):
        now = cuda.to_device(row)
        later = cuda.to_device(result)
        smooth[8, 128](now, later)
        now.copy_to_host(result)
    return result


# %% nbgrader={"grade_id": "smoothed-test", "grade": true, "locked": true, "points": 6}
import checks

checks.smoothed(smoothed)
### BEGIN HIDDEN TESTS
import exam

exam.smoothed(smoothed)
### END HIDDEN TESTS

# %%
checks.smoothed_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Jemand sagt: „Ich gebe dem Kernel meine NumPy-Arrays und bekomme das richtige Ergebnis. Wozu soll ich drei Zeilen mehr
# schreiben?“ Erkläre, was bei so einem Start geschieht. Sag für eine Kette aus zehn Kerneln, was beide Wege kosten, und
# nenne einen Fall, in dem es kaum etwas ausmacht. Drei oder vier Sätze. Ein Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why-copies", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * `cuda.to_device(a)` kopiert hinüber, `cuda.device_array(shape, dtype)` schafft nur Platz, `d.copy_to_host()` kopiert
#   zurück.
# * Ein NumPy-Array in einem Start wird zweimal kopiert, hin und zurück, egal ob der Kernel es liest oder schreibt.
# * Zwischenergebnisse bleiben auf der GPU. Eingaben gehen einmal hinüber, das Ergebnis kommt einmal zurück.
# * Für wiederholte Schritte wechseln sich zwei Device-Arrays ab: `now, later = later, now`.
# * Zähl, statt zu raten: wie viele Starts, wie viele Bytes hin, wie viele zurück?
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: Speicherverwaltung, mit Datentransfer und Device-Arrays (englisch)](https://nvidia.github.io/numba-cuda/user/memory.html)
# * [Numba CUDA: Referenz aller Funktionen für den Speicher (englisch)](https://nvidia.github.io/numba-cuda/reference/memory.html)
# * [CUDA C++ Best Practices Guide: Datentransfer zwischen Host und Device (englisch)](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#data-transfer-between-host-and-device)
