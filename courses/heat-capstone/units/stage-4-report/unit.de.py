# %% [markdown]
# # Stufe 4: der ganze Lauf und dein Bericht
#
# Das Werkstück sitzt in seiner Spannbacke, und an der linken Seite fließt Kühlmittel entlang. Die Steuerung bekommt jetzt
# alles: eine Karte der Materialien mit allen Bohrungen und Kerben, Kühlung und eine Kurve der Energie. Du baust den ganzen
# Lauf aus dem, was du in den ersten drei Stufen geschrieben hast, und berichtest darüber: Wie schnell ist er, was hält ihn
# auf, und woher weißt du, dass er stimmt?
#
# Du brauchst etwa 90 Minuten. Mit 70 % der 26 Punkte hast du bestanden; 17 vergeben die Prüfungen, 9 ein Mensch für deinen
# Bericht. Tipps gibt es in dieser Stufe nicht: Du hast alle Teile. Leg deine Notizen aus den Stufen 1 bis 3 daneben.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Ein Rand, der kühlt
#
# Links hat das Kühlmittel die Temperatur `bath`, zu jeder Zeit. Von der Mitte einer Zelle zur Mitte ihres Nachbarn ist es
# eine Zelle weit, zum Bad aber nur eine **halbe**. Die Fläche zum Bad leitet deshalb doppelt so gut wie das Material
# allein.
#
# ![Links ein Bad neben drei Zeilen zu vier Zellen. Ein Punkt markiert die Mitte jeder Zelle. Von den ersten Zellen der oberen und der unteren Zeile führen Pfeile ins Bad; die erste Zelle der mittleren Zeile ist ein Loch mit der Zahl 0 und hat keinen Pfeil. Darunter stehen Abstände: ein halb vom Bad zur Mitte einer Zelle, eins von Mitte zu Mitte. Rechts steht: 2 mal k mal bath minus t, und für k gleich 0: 0.](figures/bath.svg)
#
# **Was erwartest du?** Eine Zeile aus drei Zellen Stahl (`k = 1`) hat überall 100 Grad, das Bad hat 10, und `rate` ist 0.1.
# Wie warm ist die erste Zelle nach einem Schritt? Was käme heraus, wenn jemand eine ganze Zelle als Abstand nähme?

# %%
rate, k, bath, heat = 0.1, 1.0, 10.0, 100.0
print("eine halbe Zelle weit:", heat + rate * 2 * k * (bath - heat))
print("eine ganze Zelle weit:", heat + rate * k * (bath - heat))

# %% [markdown]
# In einem Bild sieht beides glaubwürdig aus. Deshalb gehören Zahlen in Tests und nicht Bilder.
#
# ## Aufgabe 1: `heat_run`
#
# Schreibe `heat_run(temps, material, table, bath, rate, steps)`:
#
# * `temps` ist ein CuPy-Array der Form `(h, w)` in `float32`, `material` eines derselben Form in `uint8`. `table` hat eine
#   Achse und den dtype `float32`: `table[m]` ist die Leitfähigkeit von Material `m`, und 0 ist ein Loch. Alle sind
#   zusammenhängend. `bath` und `rate` sind Python-`float`, `steps` ist ein `int` ab 0.
# * Zwischen zwei Zellen zählt das harmonische Mittel, und 0, wo eine von ihnen oder beide Löcher sind. Links hat jede Zelle
#   eine Fläche der Leitfähigkeit `2 * k` zum Bad; ein Loch hat keine. Die anderen drei Ränder sind isoliert.
# * Das Ergebnis ist ein neues CuPy-Array in `float32`, die Temperaturen nach `steps` Schritten.
# * Höchstens `steps + 6` Operationen werden gestartet, nichts wird zwischen Host und Device kopiert, und die Eingaben
#   bleiben, wie sie sind. Der Kernel bleibt in seinen Arrays, und zwei Läufe mit denselben Eingaben geben dieselben Bits.
#
# Ausschnitte, `ElementwiseKernel`, `RawKernel` mit oder ohne Kachel: Den Weg wählst du. Wo eine GPU ist, zählt auch das
# Tempo, neben einer Musterlösung auf derselben GPU.


# %% nbgrader={"grade_id": "heat_run", "solution": true}
def heat_run(temps, material, table, bath, rate, steps):
    # Dein Code, und über der Funktion dein Kernel.
    raise NotImplementedError


# %% nbgrader={"grade_id": "heat_run-test", "grade": true, "locked": true, "points": 10}
import checks

checks.heat_run(heat_run)
### BEGIN HIDDEN TESTS
import exam

exam.heat_run(heat_run)
### END HIDDEN TESTS

# %% [markdown]
# ## Eine Kurve, ohne zu warten
#
# Die Steuerung will alle paar Schritte sehen, wie viel Energie noch im Werkstück ist. Verlockend wäre
# `curve.append(float(now.sum()))`. Aber jedes `float` wartet, bis alle Schritte davor fertig sind, und währenddessen
# bekommt die GPU keine neue Arbeit.
#
# Es geht anders: Die Energien bleiben auf dem Device, jede an ihrem Platz in einem kleinen Array. Der Host holt dieses
# Array ein einziges Mal, am Ende, wenn er es haben will.
#
# **Was erwartest du?** Unten werden drei Summen in ein Array geschrieben. Welche dieser Zeilen wartet auf das Device?

# %%
curve = cp.empty(3, cp.float32)
plate = cp.asarray(np.arange(6, dtype=np.float32).reshape(2, 3))
for place in range(3):
    curve[place] = (plate * (place + 1)).sum()
print(curve)

# %% [markdown]
# Nur `print`. Die Summe ist ein Array ohne Achsen auf dem Device, und die Zuweisung kopiert sie innerhalb des Device.
#
# ## Aufgabe 2: `energy_trace`
#
# Schreibe `energy_trace(temps, material, table, bath, rate, steps, every)`. Du darfst dein `heat_run` aufrufen:
#
# * Die ersten sechs Argumente sind die von `heat_run`. `steps` ist mindestens 1 und ein Vielfaches von `every`.
# * Das Ergebnis ist ein Tupel aus zwei CuPy-Arrays in `float32`: die Temperaturen nach allen Schritten, und die Energien
#   mit der Form `(steps // every + 1,)`.
# * Die Energie ist die Summe der Temperaturen aller Zellen, die leiten; Löcher zählen nicht. Die erste ist die am Anfang,
#   dann kommt eine nach je `every` Schritten.
# * Nichts wird zwischen Host und Device kopiert. Höchstens `steps + 12 * (steps // every) + 12` Operationen werden
#   gestartet.


# %% nbgrader={"grade_id": "energy_trace", "solution": true}
def energy_trace(temps, material, table, bath, rate, steps, every):
    # Dein Code
    raise NotImplementedError


# %% nbgrader={"grade_id": "energy_trace-test", "grade": true, "locked": true, "points": 7}
import checks

checks.energy_trace(energy_trace)
### BEGIN HIDDEN TESTS
import exam

exam.energy_trace(energy_trace)
### END HIDDEN TESTS

# %% [markdown]
# ## Zwei Experimente für den Bericht
#
# **Was erwartest du?** Auf der ersten Platte ist der ganze linke Rand ein Loch, auf der zweiten gibt es keines. Welche
# Kurve bleibt, welche fällt, und auf welchen Wert zu?

# %%
rng = np.random.default_rng(4)
insulated = checks.plate(rng, (12, 33, 60))
cooled = (insulated[0], np.ones((12, 33), np.uint8), *insulated[2:])
try:
    for name, arguments in (("insulated", insulated), ("cooled", cooled)):
        arrays = [cp.asarray(one) if isinstance(one, np.ndarray) else one for one in arguments]
        print(f"{name:9}", energy_trace(*arrays, 20)[1])
        count = checks.operations(heat_run, *arguments)
        print(f"{count} Operationen in {arguments[-1]} Schritten")
except Exception as error:
    print("noch nicht:", error)

# %% [markdown]
# Die erste Kurve bleibt, bis auf die letzte Stelle. Die zweite fällt, am Ende auf `bath` mal die Zahl der Zellen zu: Dann
# ist das Werkstück so kalt wie das Kühlmittel.
#
# Wo du eine GPU hast, miss auch Zeit. `cupyx.profiler.benchmark` läuft sich warm, wartet auf das Device und wiederholt.
# Nimm eine Platte mit mindestens einer Million Zellen und genug Schritten, und berechne Zellen je Sekunde. Auf einer
# emulierten GPU lass Zeiten weg: Dort sind Starts und Bytes deine Zahlen.

# %% [markdown]
# ## Dein Bericht
#
# Schreib ihn für die Ingenieurin, die das nach dir betreibt: ein bis zwei Seiten, in eigenen Zellen unter dieser. Sie kennt
# NumPy, aber keine GPU. Beantworte diese Fragen, mit Zahlen aus eigenen Läufen:
#
# 1. **Was hält ihn auf?** Nenne den Engpass deines `heat_run`. Berechne die Schranke aus notwendigen Bytes und Bandbreite,
#    und sag, wie nah du ihr kommst oder wie du es herausfinden würdest.
# 2. **Woher weißt du, dass er stimmt?** Nenne mindestens drei Tests verschiedener Art, jeden mit einer Zahl und mit dem
#    Fehler, den er finden würde.
# 3. **Was hat jede Stufe gebracht?** Eine Tabelle: Starts für 100 Schritte und Bytes je Zelle und Schritt, für Ausschnitte,
#    einen Kernel, Karte und Kachel. Mit einer GPU auch die Zeit.
# 4. **Was kommt als Nächstes?** Eine Änderung, die du nicht gemacht hast, mit einer Schätzung, was sie bringt, und warum
#    nicht mehr.

# %% [markdown] nbgrader={"grade_id": "report", "task": true, "points": 9}
# Schreib deinen Bericht in neuen Zellen unter dieser: Text, Tabellen und Code, der deine Zahlen liefert. Ein Mensch liest
# und bewertet ihn.

# %% [markdown]
# ## Abgeben
#
# Starte den Kernel des Notebooks neu, führe alle Zellen einmal aus, speichere und gib ab. Solange niemand deinen Bericht
# gelesen hat, sagt die Seite des Kurses, dass das Ergebnis noch nicht feststeht.
#
# ## Zum Weiterlesen
#
# * [CuPy: Geschwindigkeit messen (englisch)](https://docs.cupy.dev/en/stable/user_guide/performance.html)
# * [NVIDIA: Leitfaden für gute Praxis
#   (englisch)](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html)
