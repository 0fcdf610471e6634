# %% [markdown]
# # Ein Kernel statt acht
#
# Die Wärmebildkamera liefert keine Temperaturen. Sie liefert rohe **Zählwerte**, die ganzen Zahlen ihres Sensors. Eine
# Formel macht Grad daraus, für jedes Pixel jedes Bildes. In CuPy sind das zwei Zeilen, und sie laufen schon auf der GPU.
#
# Trotzdem verschwenden sie die meiste Zeit. In dieser Einheit siehst du, wo die Zeit bleibt, und holst aus derselben
# Formel ein Mehrfaches heraus, ohne auch nur einen Schritt weniger zu rechnen.
#
# Du brauchst etwa 50 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Die Formel
#
# `dark` ist das, was der Sensor im Dunkeln zeigt, `gain` sagt, wie empfindlich jedes Pixel ist. Damit berichtigt, wird
# aus dem Zählwert das Signal und aus dem Signal die Temperatur. Die beiden Konstanten 1430 und 17000 stammen aus der
# Kalibrierung der Kamera.


# %%
def celsius_chain(counts, dark, gain):
    signal = cp.maximum((counts - dark) * gain, 1.0)
    return 1430.0 / cp.log(17000.0 / signal + 1.0) - 273.15


rng = np.random.default_rng(3)
counts = rng.uniform(900, 1100, size=(48, 64)).astype(np.float32)
counts[16:32, 24:44] += 700  # die heiße Zone
dark = rng.uniform(500, 520, size=(48, 64)).astype(np.float32)
gain = rng.uniform(0.3, 0.32, size=(48, 64)).astype(np.float32)

celsius = celsius_chain(cp.asarray(counts), cp.asarray(dark), cp.asarray(gain))
print("kühle Ecke ist", celsius[0, :4], "heiße Zone ist", celsius[20, 30:34])

# %% [markdown]
# ## Wo die Zeit bleibt
#
# Jede Operation auf einem Array ist ein eigener **Kernel**. Er liest seine Arrays aus dem Speicher der GPU, rechnet einen
# Schritt und schreibt ein Array, das der nächste wieder liest. Eine Subtraktion braucht viel weniger Zeit als der Weg zum
# Speicher und zurück. So ein Programm ist **speichergebunden** (memory-bound): Wie schnell es ist, entscheidet der
# Speicher und nicht das Rechnen.
#
# ![Links vier Kernel: Minus, Mal, Maximum, Logarithmus. Zu jedem führt ein Pfeil vom Speicher, DRAM, hinauf und einer
# hinunter. Rechts erledigt ein Kernel alle vier Schritte, mit einem Pfeil hinauf und einem
# hinunter.](figures/chain.svg)
#
# **Was erwartest du?** Zähle die Operationen in `celsius_chain`: Wie viele Kernel startet ein Aufruf? Schreib die Zahl
# auf, dann führe die Zelle aus.

# %%
operations, _, _ = checks.traffic(celsius_chain, counts, dark, gain)
print(f"celsius_chain: {operations} Operationen")

# %% [markdown]
# Zähle jetzt die Wege zum Speicher, in Arrays von der Größe des Bildes. Die ersten beiden Operationen lesen zwei Arrays
# und schreiben eines, die anderen sechs lesen eines und schreiben eines. Das macht 3 + 3 + 6 · 2 = 18. Was ist nötig?
# `counts`, `dark` und `gain` lesen, das Ergebnis schreiben: 4. Ein einziger Kernel bewegt 4,5-mal weniger. Wo der
# Speicher entscheidet, ist er also bis zu 4,5-mal so schnell.
#
# Mehrere Schritte in einen Kernel zu packen, heißt **Verschmelzen** (fusing). Die Zwischenwerte kommen dann gar nicht in
# den Speicher; jeder Thread behält seine in Registern.

# %% [markdown]
# ## Verschmelzen mit einer Zeile
#
# `cp.fuse` nimmt dir das ab. Es ruft die Funktion einmal mit Platzhaltern auf, schreibt die Schritte mit und macht einen
# Kernel daraus.
#
# **Was erwartest du?** Wie viele Operationen sind es jetzt, und wie weit dürfen die beiden Ergebnisse auseinanderliegen?


# %%
@cp.fuse()
def brightness(counts, dark, gain):
    return cp.sqrt(cp.maximum((counts - dark) * gain, 1.0))


def brightness_chain(counts, dark, gain):
    return cp.sqrt(cp.maximum((counts - dark) * gain, 1.0))


for function in (brightness_chain, brightness):
    operations, _, _ = checks.traffic(function, counts, dark, gain)
    print(f"{operations} Operationen")
arrays = [cp.asarray(array) for array in (counts, dark, gain)]
print("größter Unterschied:", abs(brightness(*arrays) - brightness_chain(*arrays)).max())

# %% [markdown]
# Eine Operation. Eine echte GPU kann die letzte Stelle einer verschmolzenen Formel anders runden, weil sie in einem
# Schritt multiplizieren und addieren kann; hier stimmen beide überein.
#
# Weil die Platzhalter keine Werte haben, kann eine verschmolzene Funktion nur elementweise Schritte und höchstens eine
# Reduktion enthalten. Indizieren, Schleifen über Elemente, `if` auf einem Wert und andere Bibliotheken bleiben draußen.
# Statt `if` nimmst du `cp.where` oder `cp.maximum`.

# %% [markdown]
# ## Den Kernel selbst schreiben
#
# Wo `cp.fuse` nicht hinreicht oder du genau sagen willst, was geschieht, schreibst du einen `ElementwiseKernel`. Er will
# vier Texte: Eingaben, Ausgaben, den Rumpf für **ein** Element und einen Namen. Der Rumpf ist CUDA C. Schleife, Indizes,
# Broadcasting und die Wahl der Typen ergänzt CuPy.

# %%
scale_kernel = cp.ElementwiseKernel(
    "T x, T low, T high",  # Eingaben
    "T y",  # Ausgabe
    "y = min(max((x - low) / (high - low), T(0)), T(1));",  # ein Element
    "scale",  # Name
)
pixels = cp.asarray(np.array([10, 20, 45, 80, 95], dtype=np.float32))
print(scale_kernel(pixels, 20.0, 80.0), scale_kernel(pixels, 20.0, 80.0).dtype)
print(scale_kernel(pixels.astype(cp.float64), 20.0, 80.0).dtype)

# %% [markdown]
# `T` steht für einen Typ, den die Arrays mitbringen: erst `float32`, beim zweiten Mal `float64`. Auf drei Dinge musst du
# im Rumpf achten:
#
# * Der Name eines Typs legt ihn fest. Für `float32 x` lehnt CuPy ein Array in `float64` ab; der Ersatz wandelt es um,
#   und das kostet eine Operation.
# * In C ist eine Zahl wie `0.5` ein `double`. Steht sie in einer Formel mit `float32`, rechnet dieser Schritt in
#   `float64`, und das ist auf vielen GPUs weit langsamer. Schreib `T(0.5)`.
# * `1 / 2` ist in C `0`, denn beides sind ganze Zahlen. Gemeint ist `T(1) / T(2)`.

# %% [markdown]
# ## Aufgabe 1: to_celsius
#
# Mach aus `celsius_chain` einen einzigen Kernel. Wähle selbst: `cp.fuse` oder `ElementwiseKernel`. Schreibe
# `to_celsius(counts, dark, gain)`:
#
# * `counts` ist ein Film der Form `(n, h, w)`; `dark` und `gain` haben die Form `(h, w)` und passen durch Broadcasting.
# * Alle drei haben denselben dtype, `float32` oder `float64`, und das Ergebnis auch. Es ist ein neues CuPy-Array.
# * Höchstens 3 Operationen werden gestartet, nichts wird kopiert, und die Eingaben bleiben, wie sie sind.
#
# Drei, weil der Ersatz für CuPy Eingaben kopiert, die er durch Broadcasting dehnt, bevor er deinen eigenen Kernel startet.
# CuPy selbst braucht eine.


# %% nbgrader={"grade_id": "to_celsius", "solution": true}
def to_celsius(counts, dark, gain):
    # Dein Code, und über der Funktion, was sie braucht.
    raise NotImplementedError


# %% [markdown]
# Prüfe deine Funktion, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Filmen.

# %% nbgrader={"grade_id": "to_celsius-test", "grade": true, "locked": true, "points": 7}
import checks

checks.to_celsius(to_celsius)
### BEGIN HIDDEN TESTS
import exam

exam.to_celsius(to_celsius)
### END HIDDEN TESTS

# %%
# Kommst du nicht weiter? Jeder Lauf dieser Zelle zeigt einen Tipp mehr.
checks.to_celsius_hint()

# %% [markdown]
# ## Eine weiche Grenze
#
# Welche Pixel gehören zur heißen Zone? Eine harte Grenze flackert: Schon bei wenig Rauschen wechseln Pixel in ihrer Nähe
# in jedem Bild die Seite. Eine **weiche Grenze** gibt jedem Pixel stattdessen ein Gewicht zwischen 0 und 1: 0,5 auf der
# Grenze, weit darüber fast 1, weit darunter fast 0. Über einige Grad, die Breite `width`, geht es vom einen ins andere
# über:
#
# `weight = 1 / (1 + exp((limit - t) / width))`
#
# **Was erwartest du?** Welches Gewicht haben 60 °C bei der Grenze 60 und der Breite 2, und welches 64 °C? Schätze zuerst.

# %%
for t in (50, 58, 60, 62, 64, 80):
    print(t, round(1 / (1 + np.exp((60 - t) / 2)), 3))

# %% [markdown]
# ## Aufgabe 2: Finde die Fehler in hot_weight
#
# Jemand hat einen Kernel für die weiche Grenze geschrieben. Die Gewichte sind falsch, und mit einem Film in `float64`
# kommt nicht heraus, was herauskommen soll. Bring ihn in Ordnung:
#
# * `temps` hat die Form `(n, h, w)`. `limit` hat die Form `(h, 1)`, eine Grenze je Zeile, und den dtype von `temps`.
#   `width` ist eine Python-Zahl.
# * Das Ergebnis ist ein neues CuPy-Array mit Form und dtype von `temps`. `float32` und `float64` müssen beide gehen.
# * Höchstens 3 Operationen werden gestartet, nichts wird kopiert, und die Eingaben bleiben, wie sie sind.


# %% nbgrader={"grade_id": "hot_weight", "solution": true}
# Bring das in Ordnung; du darfst jede Zeile ändern.
weight_kernel = cp.ElementwiseKernel(
    "float32 t, float32 limit, float32 width",
    "float32 w",
    "w = 1.0 / (1.0 + exp((t - limit) / width));",
    "weight",
)


def hot_weight(temps, limit, width):
    return weight_kernel(temps, limit, width)


# %% nbgrader={"grade_id": "hot_weight-test", "grade": true, "locked": true, "points": 7}
import checks

checks.hot_weight(hot_weight)
### BEGIN HIDDEN TESTS
import exam

exam.hot_weight(hot_weight)
### END HIDDEN TESTS

# %%
checks.hot_weight_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Der verschmolzene Kernel rechnet genauso viele Differenzen, Produkte und Logarithmen wie die Kette. Warum ist er trotzdem
# schneller? Und warum würde Verschmelzen beim Produkt zweier großer Matrizen wenig bringen? Drei oder vier Sätze. Ein
# Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why_faster", "grade": true, "solution": true, "points": 3}
# *Deine Antwort hier.*

# %% [markdown]
# ## Zum Mitnehmen
#
# * Jede Operation auf Arrays ist ein Kernel, der zum Speicher und zurück geht. Ketten einfacher Schritte sind
#   speichergebunden.
# * Zähle zuerst: Wie viele Arrays werden gelesen und geschrieben, und wie viele müssten es sein? Mehr als dieses
#   Verhältnis kann Verschmelzen nicht bringen.
# * `cp.fuse` macht aus elementweisen Schritten einen Kernel. Mit `ElementwiseKernel` schreibst du den Schritt für ein
#   Element selbst.
# * `T` behält den dtype der Arrays. Achte auf Zahlen wie `0.5`, und auf ganze Zahlen beim Teilen.
#
# Wo keine GPU ist, vertritt hier der Ersatz von Lehrwerk das echte `cupy`. Er zählt Operationen so, wie es hier steht,
# aber seine Zeiten sagen nichts über eine GPU.
#
# ## Zum Weiterlesen
#
# * [CuPys Anleitung zu eigenen Kernels (englisch)](https://docs.cupy.dev/en/stable/user_guide/kernel.html)
# * [CuPys Beschreibung von fuse (englisch)](https://docs.cupy.dev/en/stable/reference/generated/cupy.fuse.html)
# * [CuPys Beschreibung von ElementwiseKernel
#   (englisch)](https://docs.cupy.dev/en/stable/reference/generated/cupy.ElementwiseKernel.html)
