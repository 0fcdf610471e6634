# %% [markdown]
# # Die Fehlerklinik
#
# Die Wärmebildkamera ist montiert, morgen ist Abnahme. Auf deinem Tisch liegen sechs Kernel, jeder ist kaputt, und wer
# sie geschrieben hat, ist nicht mehr da. Du hast, was eine GPU allein nicht hergibt: Befunde mit Art, Zeile und Thread.
#
# Danach kannst du
#
# * aus Art, Zeile und Thread eines Befunds auf die Ursache schließen;
# * Zugriffe außerhalb eines Arrays und falsche Indizes beheben, für jede Größe;
# * Wettläufe und Barrieren in Ordnung bringen;
# * Ursachen finden, von denen ein Befund nur einen Teil zeigt: Zahlentypen und zwei Namen für ein Array;
# * erklären, warum ein richtiges Ergebnis nicht beweist, dass ein Kernel stimmt.
#
# Du brauchst etwa 60 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus. Lass jedem Kernel
# seinen Namen, seine Parameter und deren Reihenfolge, denn andere rufen ihn auf. Die Arbeit bleibt auf der GPU.

# %%
import numpy as np
from numba import cuda

rng = np.random.default_rng(17)

# %% [markdown]
# ## Einen Befund lesen
#
# Dieser Kernel verdoppelt 40 Temperaturen. Er wird mit 64 Threads gestartet und hat keinen Wächter.
#
# **Was erwartest du?** Welche Threads tun etwas Verbotenes? Wie lauten die letzten drei Werte? Schreib es auf und führe
# dann die Zelle aus.


# %%
@cuda.jit
def double(temps, out):
    i = cuda.grid(1)
    out[i] = 2 * temps[i]


warm = cuda.to_device(np.arange(40, dtype=np.float32))
twice = cuda.to_device(np.zeros(40, np.float32))
double[2, 32](warm, twice)
print(twice.copy_to_host()[-3:])

# %% [markdown]
# Die Werte stimmen! Nichts am Ergebnis verrät, dass 24 Threads nach fremdem Speicher gegriffen haben. Auf einer GPU
# kann der Speicher hinter dem Array einem anderen gehören, und der Schaden zeigt sich woanders und viel später.
#
# Ein Befund beantwortet drei Fragen:
#
# | Frage | Wo es steht | Was es dir sagt |
# |---|---|---|
# | Was? | die Art: *außerhalb des Arrays*, *Wettlauf*, *Barriere*, *nie beschrieben* | welche Regel verletzt ist |
# | Wo? | die Zeile deiner Zelle; bei einem Wettlauf zwei Zeilen | welcher Zugriff es war |
# | Wer? | der erste Thread und sein Block | welchen Index er hatte |
#
# Die dritte Antwort überlesen die meisten. Setze Thread und Block in die Formel für `i` ein, und du hast den Index, mit
# dem es geschah. Geh dann in drei Schritten vor:
#
# 1. **Rechne** den Index des genannten Threads aus.
# 2. **Sag in einem Satz**, was er stattdessen tun sollte.
# 3. **Behebe** das und sieh nach, ob dieser Befund weg ist. Dahinter kann noch einer stecken.

# %% [markdown]
# ## Fall 1: smooth_line
#
# Der Kernel glättet eine Zeile eines Bildes. `out[i]` soll das Mittel eines Werts und seiner zwei Nachbarn sein. An den
# Enden ersetzt der Wert selbst den fehlenden Nachbarn: Bei 20, 30, 40 ist das erste Mittel (20 + 20 + 30) / 3.
#
# ![Sechs Zellen in einer Reihe, nummeriert von 0 bis 5. Thread 5 hat einen Pfeil nach rechts, der aus der Reihe hinaus zu einer Zelle mit Fragezeichen führt. Thread 0 hat einen Pfeil nach links, der umbiegt und zu Zelle 5 führt.](figures/ends.svg)
#
# **Was erwartest du?** Zwei Threads haben auf einer Seite keinen Nachbarn. Gibt es einen Befund oder zwei? Starte den
# Kernel, wie er ist, und sieh dir beide Enden des Ergebnisses an.


# %% nbgrader={"grade_id": "smooth_line", "solution": true}
@cuda.jit
def smooth_line(temps, out):
    i = cuda.grid(1)
    if i < temps.shape[0]:
        out[i] = (temps[i - 1] + temps[i] + temps[i + 1]) / np.float32(3)


# %%
line = cuda.to_device(np.arange(20, 90, 10, dtype=np.float32))
smooth = cuda.to_device(np.zeros(7, np.float32))
smooth_line[1, 32](line, smooth)
print(smooth.copy_to_host())

# %% nbgrader={"grade_id": "smooth_line-test", "grade": true, "locked": true, "points": 4}
import checks

checks.smooth_line(smooth_line)
### BEGIN HIDDEN TESTS
import exam

exam.smooth_line(smooth_line)
### END HIDDEN TESTS

# %%
checks.smooth_line_hint()

# %% [markdown]
# Ein Index unter null zählt vom Ende, wie überall in Python. Darum gab der eine Fehler einen Befund und der andere nur
# eine falsche Zahl.
#
# ## Fall 2: above_dark
#
# Von einem Bild wird ein Bild mit geschlossener Blende abgezogen. „Ging in all meinen Tests“, sagt der Kommentar, „mit
# 4096 Pixeln in Blöcken zu 64.“
#
# **Was erwartest du?** Rechne `i` für Thread 0 von Block 1 und für Thread 63 von Block 4 aus, bei einem Start mit 5
# Blöcken zu 64. Wie viele von 300 Pixeln werden stimmen?


# %% nbgrader={"grade_id": "above_dark", "solution": true}
@cuda.jit
def above_dark(raw, dark, out):
    i = cuda.threadIdx.x + cuda.blockIdx.x * cuda.gridDim.x
    if i < raw.shape[0]:
        out[i] = raw[i] - dark[i]


# %%
light = cuda.to_device(np.full(300, 1000, np.int32))
dark_frame = cuda.to_device(np.full(300, 100, np.int32))
signal = cuda.to_device(np.zeros(300, np.int32))
above_dark[5, 64](light, dark_frame, signal)
found = signal.copy_to_host()
print(f"{(found == 900).sum()} von 300 stimmen")

# %% nbgrader={"grade_id": "above_dark-test", "grade": true, "locked": true, "points": 4}
import checks

checks.above_dark(above_dark)
### BEGIN HIDDEN TESTS
import exam

exam.above_dark(above_dark)
### END HIDDEN TESTS

# %%
checks.above_dark_hint()

# %% [markdown]
# Es gab keinen Fehler, denn kein Thread hat eine Regel verletzt: Alle blieben im Array. Aber es gab einen Hinweis:
# Mehrere Threads schreiben denselben Wert an dieselbe Stelle. Zwei Threads hatten also einen Index, und das ist eine
# Spur. Bei 4096 Pixeln fehlt sie: Es gibt 64 Blöcke, und `gridDim` ist zufällig `blockDim`. Ein Test braucht Größen,
# bei denen nichts zufällig gleich ist.
#
# ## Wer kommt zuerst?
#
# In den nächsten zwei Fällen ist jeder Thread für sich richtig. Zusammen sind sie es nicht, denn nichts sagt, wer
# zuerst kommt. So ein Befund nennt **zwei** Zeilen oder eine Barriere. Lies ihn so: „Was, wenn der eine zwischen die
# zwei Schritte des anderen gerät?“

# %% [markdown]
# ## Fall 3: hottest_in_zone
#
# Das Werkstück ist in Zonen geteilt; -1 ist der Hintergrund. `best[z]` soll der größte Rohwert der Zone `z` werden. Was
# in `best` schon steht, zählt mit.
#
# **Was erwartest du?** Zwei Threads einer Zone haben 800 und 900, in `best` steht 500. Schreib eine Reihenfolge ihrer
# Schritte auf, nach der 800 übrig bleibt.


# %% nbgrader={"grade_id": "hottest_in_zone", "solution": true}
@cuda.jit
def hottest_in_zone(zone, raw, best):
    i = cuda.grid(1)
    if i < zone.shape[0] and zone[i] >= 0 and raw[i] > best[zone[i]]:
        best[zone[i]] = raw[i]


# %%
zones = rng.integers(-1, 9, 2000).astype(np.int32)
values = rng.integers(500, 9000, 2000).astype(np.int32)
hottest = cuda.to_device(np.zeros(9, np.int32))
hottest_in_zone[8, 256](cuda.to_device(zones), cuda.to_device(values), hottest)
print(hottest.copy_to_host())
print(np.array([values[zones == z].max() for z in range(9)]), "NumPy")

# %% nbgrader={"grade_id": "hottest_in_zone-test", "grade": true, "locked": true, "points": 4}
import checks

checks.hottest_in_zone(hottest_in_zone)
### BEGIN HIDDEN TESTS
import exam

exam.hottest_in_zone(hottest_in_zone)
### END HIDDEN TESTS

# %%
checks.hottest_in_zone_hint()

# %% [markdown]
# ## Fall 4: coldest_in_strip
#
# Ein Pixel, das viel zu kalt ist, ist tot. Jeder Block sucht den kleinsten Rohwert seines Streifens, im Shared Memory
# und in Hälften: erst vergleichen 128 Threads je zwei Werte, dann 64 und so weiter. Die Blöcke haben 32, 64, 128 oder
# 256 Threads. Rohwerte sind mindestens 1.
#
# **Was erwartest du?** Das Bild hat 600 Pixel, alle 500, eines im letzten Streifen 300. Bei Blöcken zu 256 hat der
# letzte Streifen nur 88 Pixel. In welcher Zeile warten seine Threads aufeinander, und welche kommen nicht?


# %% nbgrader={"grade_id": "coldest_in_strip", "solution": true}
@cuda.jit
def coldest_in_strip(raw, lows):
    own = cuda.shared.array(256, np.int32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    if i < raw.shape[0]:
        own[t] = raw[i]
        cuda.syncthreads()
    step = cuda.blockDim.x // 2
    while step > 0:
        if t < step:
            own[t] = min(own[t], own[t + step])
        cuda.syncthreads()
        step //= 2
    if t == 0:
        lows[cuda.blockIdx.x] = own[0]


# %%
picture = np.full(600, 500, np.int32)
picture[590] = 300
strips = cuda.to_device(np.zeros(3, np.int32))
coldest_in_strip[3, 256](cuda.to_device(picture), strips)
print(strips.copy_to_host())

# %% nbgrader={"grade_id": "coldest_in_strip-test", "grade": true, "locked": true, "points": 4}
import checks

checks.coldest_in_strip(coldest_in_strip)
### BEGIN HIDDEN TESTS
import exam

exam.coldest_in_strip(coldest_in_strip)
### END HIDDEN TESTS

# %%
checks.coldest_in_strip_hint()

# %% [markdown]
# Eine Barriere zählt, wer kommt. Bleiben Threads des Blocks weg, wartet eine GPU vielleicht ewig oder läuft zu früh
# weiter. Und an einem Platz, den niemand beschrieben hat, steht irgendetwas: hier eine 0 und damit ein totes Pixel, das
# keines ist.
#
# ## Was ein Befund nur zum Teil zeigt
#
# Das Gerät beurteilt Zugriffe und ihre Reihenfolge. Es weiß weder, was eine Zahl bedeutet, noch, welches Array du
# gemeint hast. In den letzten zwei Fällen zeigt es etwas, und die Ursache liegt woanders. Beginne beim falschen Wert
# und geh von dort aus zurück.

# %% [markdown]
# ## Fall 5: net_signal
#
# Die Rohwerte sind `uint16`, ganze Zahlen von 0 bis 65.535. Gesucht ist die Differenz zum Dunkelbild in Kelvin, 0,04 K
# je Stufe, als `float32`. Sie darf negativ sein. Rechnen in `float64` ist nicht erlaubt, das ist auf vielen GPUs
# langsam.
#
# **Was erwartest du?** Was ergibt 1000 - 3000, wenn der Typ kein Vorzeichen hat? Schreib eine Vermutung auf und führe
# dann die Zelle aus.


# %% nbgrader={"grade_id": "net_signal", "solution": true}
@cuda.jit
def net_signal(raw, dark, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        out[i] = (raw[i] - dark[i]) * 0.04


# %%
camera = np.array([3000, 2000, 1000], np.uint16)
covered = np.array([1000, 2000, 3000], np.uint16)
net = cuda.to_device(np.zeros(3, np.float32))
net_signal[1, 32](cuda.to_device(camera), cuda.to_device(covered), net)
print(net.copy_to_host())

# %% nbgrader={"grade_id": "net_signal-test", "grade": true, "locked": true, "points": 4}
import checks

checks.net_signal(net_signal)
### BEGIN HIDDEN TESTS
import exam

exam.net_signal(net_signal)
### END HIDDEN TESTS

# %%
checks.net_signal_hint()

# %% [markdown]
# ## Fall 6: cool_down
#
# Ein Schritt Abkühlung: Jede Stelle eines Stabs nähert sich ihren Nachbarn. `out` bekommt die neuen Temperaturen, und
# `temps` muss bleiben, wie es war, denn die Steuerung braucht es noch.
#
# ![Oben: Die Namen temps und later zeigen beide auf eine Reihe von Zellen. Unten: Der Name temps zeigt auf eine Reihe von Zellen und der Name out auf eine andere; von drei benachbarten Zellen der oberen Reihe führen Pfeile zu einer der unteren.](figures/names.svg)
#
# **Was erwartest du?** Wie viele Arrays benutzt dieser Kernel, und wie viele Namen gibt es? Welcher Thread liest
# vielleicht einen Wert, der schon zu neu ist?


# %% nbgrader={"grade_id": "cool_down", "solution": true}
@cuda.jit
def cool_down(temps, out):
    i = cuda.grid(1)
    n = temps.shape[0]
    later = temps
    if i < n:
        left, right = temps[max(i - 1, 0)], temps[min(i + 1, n - 1)]
        later[i] = temps[i] + np.float32(0.25) * (left - np.float32(2) * temps[i] + right)
        out[i] = later[i]


# %%
rod = np.full(512, 20, np.float32)
rod[::8] = 100
start, end = cuda.to_device(rod), cuda.to_device(np.zeros(512, np.float32))
cool_down[4, 128](start, end)
print(end.copy_to_host()[30:36])
print(f"temps wie vorher: {np.array_equal(start.copy_to_host(), rod)}")

# %% nbgrader={"grade_id": "cool_down-test", "grade": true, "locked": true, "points": 4}
import checks

checks.cool_down(cool_down)
### BEGIN HIDDEN TESTS
import exam

exam.cool_down(cool_down)
### END HIDDEN TESTS

# %%
checks.cool_down_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Ein Kollege sagt: „Mein Kernel liefert mit 1024 Elementen das richtige Ergebnis, auf dem Emulator und auf meiner GPU.
# Dein Befund ist ein Fehlalarm.“ Antworte mit zwei der Fälle von oben: Was verdeckt dort den Fehler, und wann zeigt er
# sich? Drei oder vier Sätze. Ein Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why-finding", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * Ein Befund sagt, was, wo und wer. Rechne den Index des Threads aus, den er nennt.
# * Ein richtiges Ergebnis beweist nichts: Fremder Speicher, Zufall und Glück mit der Reihenfolge verdecken Fehler.
# * Kein Befund beweist auch nichts: Vergleiche mit einer Referenz, bei Größen, bei denen nichts zufällig gleich ist.
# * Zwei Zeilen in einem Befund: Frag, was zwischen den zwei Schritten des einen Threads geschieht.
# * `b = a` ist ein zweiter Name. Zahlen ohne Vorzeichen kennen kein Minus. Ein Literal wie `0.04` ist ein `float64`.
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: Kernel schreiben (englisch)](https://nvidia.github.io/numba-cuda/user/kernels.html)
# * [Numba CUDA: welche atomaren Operationen es gibt (englisch)](https://nvidia.github.io/numba-cuda/user/intrinsics.html)
# * [NVIDIA Compute Sanitizer, der auf einer GPU nach solchen Fehlern sucht (englisch)](https://docs.nvidia.com/compute-sanitizer/ComputeSanitizer/index.html)
