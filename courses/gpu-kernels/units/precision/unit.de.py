# %% [markdown]
# # float32 und das heimliche float64
#
# Die Wärmebildkamera liefert keine Temperaturen, sondern Rohwerte. Aus jedem macht eine Formel mit einem Logarithmus
# Grad Celsius. Alle Arrays sind `float32`, und doch rechnen viele solche Kernel in `float64`: ein Versehen, das man dem
# Ergebnis nicht ansieht und das auf den meisten GPUs viel Zeit kostet.
#
# Danach kannst du
#
# * in einem Kernel für `float32` finden und beheben, was ihn in `float64` rechnen lässt;
# * sagen, was `fastmath` dem Compiler erlaubt und was es nicht behebt;
# * kleine Summanden retten, die `float32` verschluckt, und begründen, wann `float64` richtig ist.
#
# Du brauchst etwa 55 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.
#
# ## Wie genau ist float32?
#
# Eine gute Kamera unterscheidet 0,03 Grad. Ihre Rohwerte sind ganze Zahlen bis 16383.
#
# **Was erwartest du?** Wie weit liegen zwei Zahlen in `float32` auseinander, die nahe bei 90 liegen? Und nahe bei
# 12000? Schreib zwei Zahlen auf und führe dann die Zelle aus.

# %%
import math

import checks
import numpy as np
from numba import cuda

for value in (90, 12000):
    print(f"neben {value} liegt die nächste Zahl {np.spacing(np.float32(value)):.7f} weiter")

# %% [markdown]
# Bei 90 Grad sind es acht Millionstel: viel genauer als die Kamera. Bei einem Rohwert von 12000 ist es ein Tausendstel.
# Auch das genügt, solange niemand Tausende sehr kleiner Zahlen addiert. Dazu kommen wir später.
#
# `float32` ist hier also richtig. `float64` hätte mehr Stellen, die niemand braucht, und kostet: Eine GPU für
# Rechenzentren rechnet damit halb so schnell. Auf den meisten anderen ist es **1/64** des Tempos.

# %% [markdown]
# ## Woher das float64 kommt
#
# In Python hat eine Kommazahl immer 64 Bit. Numba hält sich daran: `0.5` ist ein `float64`. Treffen sich `float32` und
# `float64`, gewinnt das breitere, und erst beim Speichern wird das Ergebnis wieder schmal.
#
# ![Zwei Reihen von Kästen, verbunden durch Pfeile. Obere Reihe: x mit 32 Bit, cvt, dann mal 0.5 plus 1.0 mit 64 Bit, doppelt so breit und schraffiert, cvt, out mit 32 Bit. Untere Reihe: x mit 32 Bit, mal 0.5 plus 1.0 mit 32 Bit, out mit 32 Bit, ohne cvt.](figures/widening.svg)
#
# `checks.instructions` zeigt, mit welchen Befehlen ein Kernel rechnet. `fma` ist eine Multiplikation mit Addition,
# `cvt` eine Umwandlung. Die Endung nennt den Typ. Du musst die Befehle nicht kennen; suche nach `f64`.
#
# **Was erwartest du?** Welche der vier Kernel rechnen in `float64`? Alle bekommen Arrays in `float32`.


# %%
@cuda.jit
def plus(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = x[i] + 1.0


@cuda.jit
def scaled(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = x[i] * 0.5 + 1.0


@cuda.jit
def numbered(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = x[i] * i


@cuda.jit
def typed(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = x[i] * np.float32(0.5) + np.float32(1)


for kernel in (plus, scaled, numbered, typed):
    print(kernel.py_func.__name__, checks.instructions(kernel, "void(float32[:], float32[:])"))

# %% [markdown]
# `plus` kommt davon: Eine einzelne Rechnung ergibt gerundet dasselbe wie in `float32`, und das nutzt der Compiler. In
# `scaled` hilft er nicht mehr. Zwei Rechnungen hintereinander wären in `float32` anders gerundet, und das Ergebnis darf
# er nicht ändern. Verlass dich also nicht auf ihn.
#
# `numbered` enthält gar keine Kommazahl. Aber `i` ist eine ganze Zahl mit 64 Bit, und `float32` mal ganze Zahl ist für
# Numba `float64`. Die Regeln, soweit du sie brauchst:
#
# | Rechnung | Typ |
# | --- | --- |
# | `x[i] * np.float32(0.5)` | `float32` |
# | `x[i] * 0.5`, `1 - x[i]`, `max(x[i], 0)` | `float64` |
# | `x[i] * i`, oder durch einen Wert aus einem Array ganzer Zahlen | `float64` |
# | `np.float32(i)` | `float32` |
# | `math.exp`, `math.log`, `math.sqrt` von `float32` | `float32` |
# | dieselben von einer ganzen Zahl | `float64` |
# | `total = 0`, danach `total += x[i]` | `float64` |
#
# Du musst das nicht auswendig können. Die emulierte GPU sagt es dir, mit der Zeile:

# %%
numbers = cuda.to_device(np.arange(200, dtype=np.float32))
out = cuda.device_array_like(numbers)
scaled[4, 64](numbers, out)

# %% [markdown]
# Rechne nicht zur Sicherheit breit, um am Ende mit `np.float32(...)` wieder schmal zu werden: Dann ist schon alles in
# `float64` geschehen. Schmal sein müssen die **Zutaten**.

# %% [markdown]
# ## Aufgabe 1: to_celsius
#
# Schreibe einen Kernel, der Rohwerte in Grad Celsius verwandelt. Für jeden Wert `S` aus `raw` ist
#
# ```
# T = b / ln(r / S + f) - 273.15
# ```
#
# * `raw` ist ein Array aus `int32`, `r`, `b` und `f` sind Zahlen in `float32`, `out` ist ein Array aus `float32`.
# * Der Start hat mindestens einen Thread für jeden Wert, meistens mehr.
# * Der Kernel rechnet nirgends in `float64`. Dafür gibt es eigene Punkte.
#
# `math.log` ist der natürliche Logarithmus.


# %% nbgrader={"grade_id": "to_celsius", "solution": true}
@cuda.jit
def to_celsius(raw, r, b, f, out):
    # Dein Code: Welchen Typ hat jeder Zwischenwert?
    pass


# %% [markdown]
# Prüfe deinen Kernel, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Größen. Wo eine GPU
# bewertet, zählt auch das Tempo neben der Musterlösung.

# %% nbgrader={"grade_id": "to_celsius-test", "grade": true, "locked": true, "points": 5}
import checks

checks.to_celsius(to_celsius)
### BEGIN HIDDEN TESTS
import exam

exam.to_celsius(to_celsius)
### END HIDDEN TESTS

# %%
checks.to_celsius_hint()

# %% [markdown]
# Sieh nach, ob noch etwas breit ist. Solange dein Kernel leer ist, rechnet er gar nicht.

# %%
names = checks.instructions(to_celsius, "void(int32[:], float32, float32, float32, float32[:])")
print(f"{len(names)} Befehle für Kommazahlen, davon {sum('f64' in name for name in names)} mit float64")

# %% [markdown]
# ## Was fastmath verspricht
#
# `@cuda.jit(fastmath=True)` sagt dem Compiler: **Ein paar letzte Stellen sind mir egal.** Dann darf er
#
# * Logarithmen, Wurzeln, Sinus und so weiter durch schnelle Näherungen ersetzen, die es in der Hardware gibt;
# * ungefähr dividieren statt genau gerundet;
# * winzige Zahlen unter etwa 1,2 · 10⁻³⁸ als 0 behandeln.
#
# **Was erwartest du?** Hilft `fastmath` auch gegen das `float64`, das die `273.15` unten verursacht?


# %%
def curve(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = math.log(x[i]) / np.float32(3) - 273.15


for kernel in (cuda.jit(curve), cuda.jit(fastmath=True)(curve)):
    names = checks.instructions(kernel, "void(float32[:], float32[:])")
    print(len(names), [name for name in names if "f64" in name or "approx" in name])

# %% [markdown]
# Aus 25 Befehlen werden 6. Der Logarithmus ist jetzt ein einziger, `lg2.approx`. Aber drei von jeder Liste rechnen
# weiter in `float64`: Gegen falsche Typen hilft `fastmath` nicht.
#
# Und was kostet es? Der Kernel unten nimmt den Logarithmus einer gewöhnlichen und einer winzigen Zahl.
#
# **Was erwartest du?** Bei welcher von beiden siehst du einen Unterschied?


# %%
def logarithm(x, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = math.log(x[i])


two = cuda.to_device(np.array([90, 6e-39], np.float32))
for kernel in (cuda.jit(logarithm), cuda.jit(fastmath=True)(logarithm)):
    logarithms = cuda.device_array_like(two)
    kernel[1, 32](two, logarithms)
    print(logarithms.copy_to_host())

# %% [markdown]
# Bei 90 ist kein Unterschied zu sehen; auf einer echten GPU können die letzten Stellen abweichen. Die winzige Zahl wird
# zu 0 und ihr Logarithmus zu minus unendlich. Für Temperaturen ist das gleichgültig. Wo Beträge bis ganz nach unten
# zählen, etwa bei Wahrscheinlichkeiten, ist es falsch.
#
# Schalte `fastmath` also ein, wo du weißt, dass Näherungen genügen, und miss, ob es etwas bringt.

# %% [markdown]
# ## Wenn float32 Zahlen verschluckt
#
# Um Daten zu sparen, sendet die Kamera nur das erste Bild ganz, danach bloß Änderungen. Der Sensor erwärmt sich, und so
# steigt ein Rohwert von 12000 bei jedem Schritt um 0,0004. Nach 2000 Schritten müssten es 12000,8 sein.
#
# **Was erwartest du?** Denk an den Abstand von vorhin. Was kommt in `float32` heraus?

# %%
change = np.float32(0.0004)
total = np.float32(12000)
for _ in range(2000):
    total += change
print(f"{total:.4f}")

# %% [markdown]
# Nichts ist angekommen. Die nächste Zahl neben 12000 ist 12000,00098. Wer um 0,0004 weiter will, kommt nicht einmal
# bis zur Mitte und wird auf 12000 gerundet, jedes Mal von Neuem:
#
# ![Zwei Zahlenstrahlen mit drei Marken: 12000, 12000.00098 und 12000.00195. Auf dem oberen führt ein kurzer Pfeil plus 0.0004 von 12000 nach rechts und ein gestrichelter zurück. Auf dem unteren steht unter 12000 ein Topf mit 0.0004, und ein langer Pfeil plus 0.0008 führt von 12000 zur nächsten Marke, unter der ein Topf mit minus 0.00018 steht.](figures/swallowed.svg)
#
# `float64` hilft, kostet aber. Es geht auch anders: Wir heben auf, was noch fehlt, und geben es der nächsten Addition
# mit. Das zeigt der untere Strahl. Im Code ist `lost` der Inhalt des Topfes mit umgekehrtem Vorzeichen. So entsteht die
# **kompensierte Summe** nach William Kahan:
#
# ```python
# wanted = change - lost           # was jetzt dazukommen soll
# new = total + wanted             # wird gerundet
# lost = (new - total) - wanted    # was dazukam, minus was dazukommen sollte
# total = new
# ```
#
# **Was erwartest du?** Beim ersten Schritt ist `lost` 0. Welches Vorzeichen hat es danach?

# %%
total, lost = np.float32(12000), np.float32(0)
for step in range(2000):
    wanted = change - lost
    new = total + wanted
    lost = (new - total) - wanted
    total = new
    if step < 4:
        print(f"{wanted:+.5f}  {total:.5f}  {lost:+.5f}")
print(f"{total:.4f}")

# %% [markdown]
# Im ersten Schritt kam 0 dazu statt 0,0004, also ist `lost` negativ. Im zweiten sollen es 0,0008 sein. Das reicht bis
# zur nächsten Zahl, sogar etwas zu weit. Was zu viel war, steht danach auch in `lost`.
#
# Vier Additionen statt einer, aber alle in `float32`. Auf GPUs mit langsamem `float64` lohnt sich das. Oft wartet der
# Kernel ohnehin auf den Speicher, und dann kosten die drei zusätzlichen fast nichts.

# %% [markdown]
# ## Aufgabe 2: latest
#
# Schreibe einen Kernel, der aus dem ersten Bild und allen Änderungen das neueste Bild macht:
#
# * `first` hat die Form `(pixels,)`, `changes` die Form `(steps, pixels)` und `out` wieder `(pixels,)`, alle in
#   `float32`. Thread `i` hat Pixel `i` und addiert der Reihe nach `changes[0, i]`, `changes[1, i]` und so weiter.
# * Die meisten Änderungen sind winzig. Zweimal aber sind sie groß: Die Kamera schließt für den Abgleich ihren
#   Verschluss und öffnet ihn später wieder. Darum genügt es nicht, erst alle Änderungen zu addieren.
# * Das Ergebnis darf um höchstens 0,002 abweichen, und der Kernel rechnet nicht in `float64`.
#
# Der Start hat mindestens einen Thread für jedes Pixel, meistens mehr.


# %% nbgrader={"grade_id": "latest", "solution": true}
@cuda.jit
def latest(first, changes, out):
    # Dein Code: Was geht bei jeder Addition verloren, und wohin damit?
    pass


# %% nbgrader={"grade_id": "latest-test", "grade": true, "locked": true, "points": 6}
import checks

checks.latest(latest)
### BEGIN HIDDEN TESTS
import exam

exam.latest(latest)
### END HIDDEN TESTS

# %%
checks.latest_hint()

# %% [markdown]
# Das Beispiel von oben, jetzt auf der GPU: 300 Schritte zu 0,0004 sind 0,12. Solange dein Kernel nichts schreibt,
# siehst du, was gerade im Speicher lag.

# %%
first = cuda.to_device(np.full(32, 12000, np.float32))
changes = cuda.to_device(np.full((300, 32), 0.0004, np.float32))
newest = cuda.device_array_like(first)
latest[1, 32](first, changes, newest)
print(newest.copy_to_host()[:4])

# %% [markdown]
# ## Aufgabe 3: Finde die Fehler
#
# Wo hört das Werkstück auf, und wo beginnt der Hintergrund? Eine Grenze bei `limit` Grad springt von 0 auf 1. Eine
# weiche Maske geht sanft hinüber, in etwa `width` Grad zu beiden Seiten. Der Kernel soll sie für jedes Pixel berechnen,
# alles in `float32`:
#
# ```
# s = (heat - limit) / width
# out = 1 / (1 + exp(-s))
# ```
#
# Zwei Fehler sind darin. Der eine macht die Werte falsch und lässt nebenbei `math.exp` in `float64` rechnen. Der andere
# kostet nur Zeit. Behebe beide.


# %% nbgrader={"grade_id": "soft_mask", "solution": true}
@cuda.jit
def soft_mask(heat, limit, width, out):
    i = cuda.grid(1)
    if i < heat.shape[0]:
        steps = int((heat[i] - limit) / width)
        out[i] = 1.0 / (1.0 + math.exp(-steps))


# %% nbgrader={"grade_id": "soft_mask-test", "grade": true, "locked": true, "points": 5}
import checks

checks.soft_mask(soft_mask)
### BEGIN HIDDEN TESTS
import exam

exam.soft_mask(soft_mask)
### END HIDDEN TESTS

# %%
checks.soft_mask_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Eine Kollegin legt alle Arrays in `float64` an, „damit nichts verloren geht“, und schreibt `fastmath=True` an jeden
# Kernel, „damit es trotzdem schnell ist“. Was sagst du ihr zu beidem? Nenne je ein Beispiel, für das `float32` genügt,
# für das eine kompensierte Summe richtig ist und für das du `float64` nimmst. Vier oder fünf Sätze. Ein Mensch liest
# und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why-wide", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * Ein bloßes `0.5` oder `1` neben `float32` ergibt `float64`, ebenso eine ganze Zahl. Schreib `np.float32(...)`.
# * Am Ergebnis sieht man es nicht. Der Hinweis `float64` nennt die Zeile.
# * `fastmath` erlaubt Näherungen und macht winzige Zahlen zu 0. Typen ändert es nicht.
# * Sehr viele kleine Summanden verschluckt `float32`. Eine kompensierte Summe rettet sie.
# * `float64` ist richtig, wo das Ergebnis so viele Stellen braucht. Dann nimmst du es mit Absicht.
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: was fastmath ändert (englisch)](https://nvidia.github.io/numba-cuda/user/fastmath.html)
# * [CUDA C++ Programming Guide von NVIDIA: Rechentempo für float32 und float64
#   (englisch)](https://docs.nvidia.com/cuda/cuda-c-programming-guide/)
