# %% [markdown]
# # Kernel in CUDA C von Hand
#
# Die Kamera am Prüfstand liefert keine fertigen Bilder. Sie füllt Puffer, die größer sind als das Bild, hängt
# Statuszeilen an und legt zwei Belichtungen abwechselnd ab. Für so etwas gibt es keine fertige Funktion, und eine Kette
# von Operationen geht zu oft zum Speicher.
#
# Ein `RawKernel` ist CUDA C, wie du es schreibst: CuPy übersetzt den Text, startet ihn und prüft **nichts**. In dieser
# Einheit lernst du, worauf du dann selbst achtest: Grenzen, Typen, Zeilen und Spalten, und die Lage im Speicher.
#
# Du brauchst etwa 60 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Ein Kernel und sein Start
#
# Der Text enthält eine Funktion für **einen** Thread. `extern "C"` lässt ihren Namen, wie er ist, und `__global__`
# macht sie zum Kernel. Jeder Thread fragt zuerst, wer er ist: sein Block `blockIdx.x`, die Größe der Blöcke
# `blockDim.x`, sein Platz im Block `threadIdx.x`.
#
# Gestartet wird mit drei Tupeln: Zahl der Blöcke, Threads je Block, Argumente. Es gibt kein Ergebnis; der Kernel
# schreibt in ein Array, das du ihm gibst.

# %%
mark_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void mark(float* out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  out[i] = 10 * blockIdx.x + threadIdx.x;
}
""",
    "mark",
)
places = cp.zeros(8, cp.float32)
mark_kernel((2,), (4,), (places,))
print(places)

# %% [markdown]
# ## Die Grenze
#
# Blöcke haben alle dieselbe Größe, Daten selten die passende. Für fünf Elemente in Blöcken zu vier startest du zwei
# Blöcke, also acht Threads. Drei sind zu viel.
#
# **Was erwartest du?** Unten gehören dem Kernel nur die ersten fünf Elemente; die anderen drei sind Reserve. Was steht
# danach in der Reserve, und welchen Fehler bekommst du?

# %%
careless_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void careless(float* out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  out[i] = 1;
}
""",
    "careless",
)
pixels = cp.zeros(8, cp.float32)
careless_kernel((2,), (4,), (pixels,))
print(pixels)

# %% [markdown]
# Keinen. Die Reserve ist überschrieben, und niemand sagt etwas. Hinter dem Ende des Arrays liegen oft Daten anderer,
# und auch die träfe es. Die Abhilfe ist eine Bedingung: Der Kernel bekommt die Zahl der Elemente, und wer darüber
# liegt, tut nichts.

# %%
careful_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void careful(float* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = 1;
}
""",
    "careful",
)
pixels = cp.zeros(8, cp.float32)
careful_kernel((-(-5 // 4),), (4,), (pixels, np.int32(5)))
print(pixels)

# %% [markdown]
# `-(-5 // 4)` rundet auf: 2. Ein Gitter ganz ohne Blöcke lehnt CUDA ab. Bei null Elementen startest du also gar nicht.
#
# ## Welcher Typ kommt an?
#
# Warum `np.int32(5)` und nicht `5`? CuPy übergibt Bytes, und der Kernel liest Bytes. Wie viele es sind und was sie
# bedeuten, müssen beide Seiten gleich sehen:
#
# | du übergibst | der Kernel muss schreiben |
# | --- | --- |
# | `5` | `long long` (8 Bytes) |
# | `0.5` | `double` (8 Bytes) |
# | `np.int32(5)` | `int` (4 Bytes) |
# | `np.float32(0.5)` | `float` (4 Bytes) |
# | ein Array in `float32` | `float*` |
#
# Erwartet der Kernel `float` und bekommt eine Python-Zahl, liest er die ersten vier der acht Bytes.
#
# **Was erwartest du?** Die Zelle macht das in NumPy nach, mit 2.0 und mit 5. Welche Zahlen liest der Kernel?

# %%
print(np.frombuffer(np.float64(2.0).tobytes()[:4], np.float32))
print(np.frombuffer(np.int64(5).tobytes()[:4], np.int32))

# %% [markdown]
# Aus 2.0 wurde 0. Die 5 kam nur an, weil kleine ganze Zahlen in den ersten Bytes stehen. Eine echte GPU rechnet mit der
# Null einfach weiter. Der Ersatz für CuPy, den du hier vielleicht benutzt, vergleicht wenigstens die Größen:

# %%
try:
    careful_kernel((2,), (4,), (pixels, 5))
except RuntimeError as error:
    print(error)

# %% [markdown]
# Im Kernel gilt dieselbe Sorgfalt: `0.5` ist ein `double`, `0.5f` ein `float`.

# %% [markdown]
# ## Aufgabe 1: correct
#
# Ein Sensor erwärmt sich und driftet. Gemessen wurde die Drift je Pixel; addiert wird ein Vielfaches davon. Schreibe
# `correct(signal, drift, factor, count)`:
#
# * `signal` und `drift` haben eine Achse, dieselbe Länge und den dtype `float32`. `factor` und `count` sind
#   Python-Zahlen.
# * Die ersten `count` Elemente des Ergebnisses sind `signal + factor * drift`, alle weiteren sind die von `signal`.
# * `count` kann 0 sein.
# * Das Ergebnis ist ein neues CuPy-Array in `float32`.
# * Höchstens 2 Operationen werden gestartet, nichts wird zwischen Host und Device kopiert, und die Eingaben bleiben,
#   wie sie sind.
#
# Zwei sind ein Kernel und eine Kopie auf dem Device, etwa `signal.copy()`.


# %% nbgrader={"grade_id": "correct", "solution": true}
def correct(signal, drift, factor, count):
    # Dein Code, und über der Funktion dein Kernel.
    raise NotImplementedError


# %% [markdown]
# Prüfe deine Funktion, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Puffern.

# %% nbgrader={"grade_id": "correct-test", "grade": true, "locked": true, "points": 7}
import checks

checks.correct(correct)
### BEGIN HIDDEN TESTS
import exam

exam.correct(correct)
### END HIDDEN TESTS

# %%
# Kommst du nicht weiter? Jeder Lauf dieser Zelle zeigt einen Tipp mehr.
checks.correct_hint()

# %% [markdown]
# ## Zeilen und Spalten
#
# Der Kernel sieht kein Bild, nur eine lange Reihe von Zahlen. Zeile für Zeile liegt sie im Speicher. Zeile `y`, Spalte
# `x` steht an der Stelle `y * width + x`, denn davor liegen `y` ganze Zeilen.
#
# ![Ein Raster mit drei Zeilen und vier Spalten, in den Feldern die Zahlen 0 bis 11. Das Feld in Zeile 1, Spalte 2 ist
# hervorgehoben: 1 · 4 + 2 = 6. Darunter liegen dieselben zwölf Felder in einer Reihe.](figures/rows.svg)
#
# Gitter und Blöcke dürfen zwei Achsen haben. CUDA zählt `x` zuerst, NumPys `shape` zuerst die Zeilen: `(height,
# width)`. Lass `x` die Spalten zählen. Dann greifen benachbarte Threads auf benachbarte Adressen zu, und das ist
# schnell.
#
# **Was erwartest du?** Das Bild unten hat zwei Zeilen und drei Spalten. Schreib auf, was darin steht.

# %%
index_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void index(float* out, int height, int width) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < width && y < height) out[y * width + x] = 10 * y + x;
}
""",
    "index",
)
height, width = 2, 3
image = cp.zeros((height, width), cp.float32)
grid = (-(-width // 32), -(-height // 8))  # x zählt Spalten
index_kernel(grid, (32, 8), (image, np.int32(height), np.int32(width)))
print(image)

# %% [markdown]
# Es braucht **beide** Bedingungen. Fehlte `x < width`, schriebe der Thread mit `x = 3` in der ersten Zeile auf die
# Stelle 3, und dort beginnt die zweite.

# %% [markdown]
# ## Aufgabe 2: smooth
#
# Rauschen glättest du mit einem **Fünf-Punkte-Filter**: das Pixel viermal, jeder der vier Nachbarn einmal, geteilt
# durch acht.
#
# ![Ein Kreuz aus fünf Feldern: in der Mitte das Gewicht 4, darüber, darunter, links und rechts je 1. Daneben die Ecke
# eines Bildes: Zwei Nachbarn fehlen, ihre Pfeile zeigen auf das Pixel selbst.](figures/star.svg)
#
# Schreibe `smooth(buffer, height)`:
#
# * `buffer` hat die Form `(rows, width)` und den dtype `float32`. Die ersten `height` Zeilen sind das Bild, mindestens
#   eine. Dahinter liegen Statuszeilen.
# * Fehlt am Rand des Bildes ein Nachbar, tritt das Pixel selbst an seine Stelle. Statuszeilen sind keine Nachbarn.
# * Das Ergebnis ist ein neues CuPy-Array mit Form und dtype von `buffer`. Die Statuszeilen kommen unverändert zurück.
# * Höchstens 2 Operationen werden gestartet, nichts wird zwischen Host und Device kopiert, und die Eingabe bleibt, wie
#   sie ist.
#
# Lies und schreib in **verschiedene** Arrays. Sonst liest ein Thread einen Nachbarn, den ein anderer schon geglättet
# hat.


# %% nbgrader={"grade_id": "smooth", "solution": true}
def smooth(buffer, height):
    # Dein Code, und über der Funktion dein Kernel.
    raise NotImplementedError


# %% nbgrader={"grade_id": "smooth-test", "grade": true, "locked": true, "points": 7}
import checks

checks.smooth(smooth)
### BEGIN HIDDEN TESTS
import exam

exam.smooth(smooth)
### END HIDDEN TESTS

# %%
checks.smooth_hint()

# %% [markdown]
# ## Was ein Ausschnitt wirklich ist
#
# `y * width + x` setzt voraus, dass die Elemente lückenlos hintereinanderliegen: Das Array ist **zusammenhängend**
# (contiguous). Ein Ausschnitt wie `a[:, ::2]` ist es nicht. Er kopiert nichts; er merkt sich nur, wie viele Bytes es
# zum nächsten Element sind. Diese Schritte heißen `strides`. Ein `RawKernel` bekommt davon nichts zu sehen, nur die
# Adresse des ersten Elements.
#
# **Was erwartest du?** Der Ausschnitt enthält 0, 2, 4, 6. Der Kernel kopiert vier Elemente. Welche?

# %%
copy_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void copy(const float* in, float* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = in[i];
}
""",
    "copy",
)
every_second = cp.arange(8, dtype=cp.float32)[::2]
print(f"strides {every_second.strides}, lückenlos: {every_second.flags.c_contiguous}")
seen = cp.zeros(4, cp.float32)
copy_kernel((1,), (32,), (every_second, seen, np.int32(4)))
print("der Kernel sieht", seen)
copy_kernel((1,), (32,), (cp.ascontiguousarray(every_second), seen, np.int32(4)))
print("von einer Kopie sieht er", seen)

# %% [markdown]
# Die ersten vier, die im Speicher kommen: 0, 1, 2, 3. `cp.ascontiguousarray` kopiert, aber nur, wo es nötig ist.

# %% [markdown]
# ## Aufgabe 3: Finde die Fehler in remove_bands
#
# Die Kamera belichtet jedes Pixel zweimal, kurz und lang, und legt beide Werte nebeneinander ab. Jede Zeile hat dazu
# einen eigenen Versatz, den man als Streifen sieht. Diese Funktion soll eine Belichtung herausholen und die Streifen
# entfernen. Sie macht drei Fehler. Bring sie in Ordnung:
#
# * `pairs` hat die Form `(height, width, 2)`, `offsets` die Form `(height,)`, beide in `float32`. `channel` ist 0 oder
#   1, `scale` eine Python-Zahl.
# * Das Ergebnis ist ein neues CuPy-Array der Form `(height, width)` in `float32`: `scale * (wert - versatz)`, aber nie
#   unter 0. Dabei ist `wert` das Pixel der Belichtung `channel` und `versatz` der seiner Zeile.
# * Höchstens 2 Operationen werden gestartet, nichts wird zwischen Host und Device kopiert, und die Eingaben bleiben,
#   wie sie sind.


# %% nbgrader={"grade_id": "remove_bands", "solution": true}
# Bring das in Ordnung; du darfst jede Zeile ändern.
bands_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void bands(const float* in, const float* offsets, float scale, float* out,
                                 int height, int width) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  int col = blockIdx.y * blockDim.y + threadIdx.y;
  if (row < height && col < width) {
    out[row * width + col] = fmaxf(scale * (in[row * width + col] - offsets[row]), 0.0f);
  }
}
""",
    "bands",
)


def remove_bands(pairs, offsets, channel, scale):
    exposure = pairs[:, :, channel]
    height, width = exposure.shape
    out = cp.empty((height, width), cp.float32)
    grid = (-(-width // 32), -(-height // 8))
    numbers = np.int32(height), np.int32(width)
    bands_kernel(grid, (32, 8), (exposure, offsets, scale, out, *numbers))
    return out


# %% nbgrader={"grade_id": "remove_bands-test", "grade": true, "locked": true, "points": 7}
import checks

checks.remove_bands(remove_bands)
### BEGIN HIDDEN TESTS
import exam

exam.remove_bands(remove_bands)
### END HIDDEN TESTS

# %%
checks.remove_bands_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Jemand übergibt einem `RawKernel` die linke Hälfte eines Bildes, `image[:, :32]`, und wundert sich über das Ergebnis.
# Welche Pixel liest der Kernel stattdessen? Nenne zwei Wege, das zu beheben, und sag zu jedem, was er kostet. Drei oder
# vier Sätze. Ein Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "half_image", "grade": true, "solution": true, "points": 3}
# *Deine Antwort hier.*

# %% [markdown]
# ## Zum Mitnehmen
#
# * Ein `RawKernel` prüft nichts: nicht die Grenzen, nicht die Typen, nicht die Lage im Speicher.
# * Runde die Zahl der Blöcke auf, und lass Threads jenseits der Daten nichts tun. In zwei Achsen braucht es zwei
#   Bedingungen.
# * Python-Zahlen kommen als `long long` und `double` an. Für `int` und `float` schreibst du `np.int32` und
#   `np.float32`.
# * Zeile `y`, Spalte `x` liegt bei `y * width + x`, wenn das Array zusammenhängend ist.
# * Reicht ein `ElementwiseKernel`, nimm ihn: Er kümmert sich um all das.
#
# Eine GPU meldet Zugriffe außerhalb oft gar nicht. Wo keine ist, sieht die emulierte GPU hin und nennt die Zeile.
#
# ## Zum Weiterlesen
#
# * [CuPys Anleitung zu eigenen Kernels (englisch)](https://docs.cupy.dev/en/stable/user_guide/kernel.html)
# * [CuPys Beschreibung von RawKernel
#   (englisch)](https://docs.cupy.dev/en/stable/reference/generated/cupy.RawKernel.html)
# * [NVIDIAs Handbuch zu CUDA C++ (englisch)](https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html)
