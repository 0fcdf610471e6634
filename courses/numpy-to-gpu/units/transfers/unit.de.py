# %% [markdown]
# # Zwei Speicher und die Brücke dazwischen
#
# Eine Wärmebildkamera beobachtet ein Maschinenteil, während es gefräst wird. Sie liefert einen **Film**: einen Stapel
# von Bildern, jedes Bild eine Tabelle von Temperaturen. Die Auswertung soll auf der GPU neben der Maschine laufen und
# nie in Rückstand geraten.
#
# Das Rechnen ist dabei der leichte Teil. Entscheidend ist, wie oft Daten von einem Speicher in den anderen wechseln
# und wie oft Python warten muss. Beides geschieht in Zeilen, denen man es nicht ansieht. In dieser Einheit lernst du,
# sie zu erkennen.
#
# Du brauchst etwa 60 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Eine schmale Brücke
#
# Der Prozessor, auf dem Python läuft, heißt **Host**, die GPU heißt **Device**. Beide haben ihren eigenen Speicher.
# Dazwischen liegt eine Brücke, und sie ist viel schmaler als die Straße auf dem Device.
#
# ![Host und Device als zwei Kästen. Ein haarfeines Band mit 63 Gigabyte je Sekunde verbindet sie, cp.asarray geht
# darüber zum Device und cp.asnumpy zurück. Im Device ist ein Band mit 4800 Gigabyte je Sekunde im selben Maßstab
# gezeichnet, es ist fast so breit, wie der Kasten hoch ist.](figures/bridge.svg)
#
# Die beiden Zahlen sind das Höchste, was ein Steckplatz nach PCIe 5.0 mit 16 Lanes und der Speicher einer
# H200 leisten. Nimm einen Film aus 1000 Bildern mit 480 mal 640 Pixeln in `float32`.
#
# **Was erwartest du?** Wie viele Millisekunden braucht er über die Brücke, und wie viele, um auf dem Device einmal
# gelesen zu werden? Schreib zwei Zahlen auf, dann führe die Zelle aus.

# %%
size = 1000 * 480 * 640 * 4  # Bytes
for name, speed in (("bridge", 63e9), ("device memory", 4800e9)):
    print(f"{name:14} {1000 * size / speed:6.2f} ms for {size / 1e6:.1f} MB")

# %% [markdown]
# Die Brücke braucht 76-mal so lange. Eine Auswertung, die ihre Zwischenergebnisse zum Host holt, verbringt fast ihre
# ganze Zeit dort. Daher die erste Regel: **einmal hinüberkopieren, auf dem Device rechnen, das Ergebnis einmal
# zurückholen**. Und ein Ergebnis ist klein: eine Zeile mit Zahlen je Bild, nicht die Bilder selbst.

# %% [markdown]
# ## Zwei Uhren
#
# Der zweite Preis hat mit der Größe nichts zu tun. Wenn Python auf einem CuPy-Array `b = a * 2` ausführt, rechnet es
# nicht. Es **beauftragt** die Operation und geht sofort weiter; das Device arbeitet seine Aufträge der Reihe nach ab.
# Solange der Host nur Aufträge gibt, bleibt er voraus, und dem Device geht die Arbeit nicht aus.
#
# Das endet dort, wo Python einen Wert braucht: für ein `if`, ein `print`, ein `float`. Dann muss es warten, bis das
# Device alle Aufträge bis dahin erledigt hat und der Wert über die Brücke gekommen ist. Das heißt **Synchronisation**.
# In dieser Zeit gibt der Host keine Aufträge, und danach wartet das Device auf ihn.
#
# ![Zwei Zeitachsen. Oben gibt der Host die Aufträge A, B und C direkt hintereinander; das Device arbeitet sie ohne
# Lücke ab, und ein gestrichelter Pfeil bringt am Ende das Ergebnis zurück. Unten wartet der Host nach jedem Auftrag auf
# eine Antwort; das Device hat Lücken zwischen A, B und C, und alles dauert länger.](figures/clocks.svg)
#
# So kann eine Kopie von vier Bytes mehr kosten als viele Operationen. Teuer sind nicht die Bytes, sondern das Warten.

# %% [markdown]
# ## Welche Zeilen gehen über die Brücke?
#
# Du musst nicht raten. `checks.traffic(funktion, array)` ruft die Funktion mit einer Kopie des Arrays auf dem Device
# auf. Du bekommst drei Zahlen: gestartete Operationen, Bytes zum Device, Bytes zurück.

# %%
rng = np.random.default_rng(7)
film = (25 + rng.normal(0, 0.5, size=(12, 24, 32))).astype(np.float32)
film[4:, 8:12, 20:26] += 50  # ab Bild 4 berührt das Werkzeug das Teil

operations, to_device, to_host = checks.traffic(lambda x: x.max(), film)
print(f"x.max(): {operations} Operation, {to_device} Bytes zum Device, {to_host} Bytes zurück")

# %% [markdown]
# Das Maximum eines CuPy-Arrays ist keine Python-Zahl. Es ist ein Array ohne Achsen, ein **0-d-Array**, und es bleibt
# auf dem Device: Kein Byte ging über die Brücke.
#
# **Was erwartest du?** Der Film hat 12 × 24 × 32 Werte zu 4 Bytes, das sind 36.864 Bytes. Schreib für jede Zeile unten
# auf, wie viele Bytes zum Host zurückkommen. Dann führe die Zelle aus.


# %%
def asks(x):
    if x.max() > 60:
        return "hot"
    return "cold"


lines = {
    "x.max() - x.min()": lambda x: x.max() - x.min(),
    "float(x.max())": lambda x: float(x.max()),
    "if x.max() > 60": asks,
    "f'{x.max():.1f}'": lambda x: f"{x.max():.1f}",
    "cp.where(x > 60, x, 0)": lambda x: cp.where(x > 60, x, 0),
    "x.tolist()": lambda x: x.tolist(),
    "[float(f.max()) for f in x]": lambda x: [float(f.max()) for f in x],
    "x.max(axis=(1, 2)).get()": lambda x: x.max(axis=(1, 2)).get(),
    "x - cp.asarray(film[0])": lambda x: x - cp.asarray(film[0]),
}
for name, line in lines.items():
    operations, to_device, to_host = checks.traffic(line, film)
    print(f"{name:28} {operations:3} Operationen {to_device:6} Bytes hin {to_host:6} Bytes zurück")

# %% [markdown]
# Drei Beobachtungen:
#
# * Das `if` holt **ein Byte** zurück, den Wahrheitswert. Gewartet wird genauso wie auf ein ganzes Bild.
# * Die Liste aus zwölf `float` und `x.max(axis=(1, 2)).get()` holen beide 48 Bytes. Die Liste wartet zwölfmal, die
#   andere Zeile einmal, und sie startet eine Operation statt zwölf.
# * Die letzte Zeile kopiert Daten **zum** Device, die längst dort sind: `film[0]` ist ein Teil von `x`.
#
# Manche Operationen warten, ohne dass so eine Zählung es zeigt. Bevor CuPy für `x[x > 60]` Speicher anlegen kann, muss
# es wissen, wie viele Elemente es sind; also fragt es das Device. `cp.where(x > 60, x, 0)` behält die Form und fragt
# nichts.

# %% [markdown]
# ## Aufgabe 1: film_report
#
# Die Steuerung der Maschine will je Bild drei Zahlen: die höchste Temperatur, die mittlere Temperatur und den Anteil
# der Pixel, die heißer als `limit` sind. Davor ist jedes Pixel zu berichtigen. Die Kamera zeigt es um einen festen
# Versatz `offset` zu heiß an, eine Tabelle der Form `(h, w)`.
#
# Schreibe `film_report(frames, offset, limit)`:
#
# * `frames` hat die Form `(n, h, w)` und liegt auf dem Device, ebenso `offset`. Beide sind `float32`.
# * Zieh zuerst von jedem Bild `offset` ab.
# * Gib ein CuPy-Array der Form `(n, 3)` mit dem dtype von `frames` zurück: Höchstwert, Mittel, Anteil. Der Anteil ist
#   eine Zahl von 0 bis 1, und ein Pixel genau auf der Grenze zählt nicht.
# * Nichts wird zum Host kopiert, keine Python-Schleife läuft über Bilder, und die Eingaben bleiben, wie sie sind.
#
# Wer die Funktion aufruft, holt den fertigen Bericht ab, einmal. Die Funktion selbst tut es nicht.


# %% nbgrader={"grade_id": "film_report", "solution": true}
def film_report(frames, offset, limit):
    # Dein Code: den ganzen Film berichtigen, dreimal reduzieren, die Spalten zusammensetzen.
    raise NotImplementedError


# %% [markdown]
# Prüfe deine Funktion, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Filmen.

# %% nbgrader={"grade_id": "film_report-test", "grade": true, "locked": true, "points": 7}
import checks

checks.film_report(film_report)
### BEGIN HIDDEN TESTS
import exam

exam.film_report(film_report)
### END HIDDEN TESTS

# %%
# Kommst du nicht weiter? Jeder Lauf dieser Zelle zeigt einen Tipp mehr.
checks.film_report_hint()

# %% [markdown]
# Wenn deine Prüfung besteht, sieh dir die ganze Kette an: Der Film geht hinein, nur der Bericht kommt heraus. Wie
# viele Bytes erwartest du bei 12 Bildern zurück?


# %%
def pipeline(frames):
    report = film_report(frames, cp.full(frames.shape[1:], 0.25, frames.dtype), 60.0)
    return cp.asnumpy(report)


try:
    operations, to_device, to_host = checks.traffic(pipeline, film)
    print(f"{film.nbytes} Bytes Film, {to_host} Bytes Bericht, {operations} Operationen")
except checks.LearnerError as error:
    print("film_report läuft noch nicht:", error.kind)

# %% [markdown]
# ## Eine Schleife, die fragen muss
#
# Nach dem Schnitt kühlt das Teil ab. Wie langsam? In `v` steht, um wie viel seine Messstellen heißer sind als der
# Raum. Eine Minute später sind sie es um `matrix @ v`: Jede Stelle hat Wärme an ihre Nachbarn abgegeben. Nach einigen
# Minuten ändert sich das Muster nicht mehr. Jede Minute multipliziert es mit derselben Zahl, dem **Abkühlfaktor**.
#
# Diese Zahl ist der größte Eigenwert der Matrix, und das Verfahren, das ihr zusieht, heißt **Potenzmethode** (power
# iteration): multiplizieren, `v` wieder auf die Länge 1 bringen, wiederholen. Wenn `v` zur Ruhe gekommen ist, ist
# `v @ (matrix @ v)` der Faktor.
#
# **Was erwartest du?** Liegt der Faktor unten näher an 0,1, an 0,5 oder an 0,9? Die Zeilen sagen, was eine Stelle
# behält und was sie bekommt.

# %%
matrix = np.array([[0.6, 0.2, 0.0], [0.2, 0.5, 0.2], [0.0, 0.2, 0.6]])
v = np.array([1.0, 0.0, 0.0])
for minute in range(1, 11):
    v = matrix @ v
    v = v / np.linalg.norm(v)
    if minute in (1, 2, 5, 10):
        print(f"Minute {minute:2}: Faktor {v @ matrix @ v:.4f}, Muster {v.round(3)}")

# %% [markdown]
# Wie viele Schritte genügen, weiß man vorher nicht. Also sieht eine Schleife nach, ob sich `v` noch ändert, und hört
# sonst auf. Dieses `if` braucht eine Zahl auf dem Host. Vermeiden lässt es sich nicht, aber es kann **selten** werden:
# Sieh nur alle 20 Schritte nach. Schlimmstenfalls rechnet das Device 19 Schritte zu viel; in allen anderen steht es
# nie still.

# %% [markdown]
# ## Aufgabe 2: Finde die Fehler in cooling_factor
#
# Jemand aus deinem Team hat die Potenzmethode auf CuPy umgestellt. Der Code liefert falsche Faktoren, denn er hört nach
# dem ersten Schritt auf. Außerdem wartet er in jedem Schritt mehrmals auf das Device. Finde heraus, warum, und behebe
# beides:
#
# * Das Ergebnis ist ein **0-d-CuPy-Array** mit dem dtype von `matrix`: der größte Eigenwert.
# * Die Schleife läuft höchstens `steps` Schritte. Sie prüft in jedem Schritt, dessen Nummer ein Vielfaches von
#   `check_every` ist, und holt dafür eine Zahl zum Host. Dazwischen geht nichts über die Brücke.
# * `matrix` und `start` werden nicht verändert.


# %% nbgrader={"grade_id": "cooling_factor", "solution": true}
def cooling_factor(matrix, start, steps, check_every):
    # Der Code aus deinem Team. Bring ihn in Ordnung; du darfst jede Zeile ändern.
    v = start / float(cp.linalg.norm(start))
    for _ in range(steps):
        previous = v
        v[:] = matrix @ v
        v /= float(cp.linalg.norm(v))
        if float(abs(v - previous).max()) < 1e-5:
            break
    return float(v @ (matrix @ v))


# %% nbgrader={"grade_id": "cooling_factor-test", "grade": true, "locked": true, "points": 7}
import checks

checks.cooling_factor(cooling_factor)
### BEGIN HIDDEN TESTS
import exam

exam.cooling_factor(cooling_factor)
### END HIDDEN TESTS

# %%
checks.cooling_factor_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Ein Programm führt für jedes von 1000 Bildern `print(f"{frame.max():.1f}")` aus, jedes Mal vier Bytes. Warum ist es
# trotzdem langsam? Sag, worauf der Host wartet und wie sich dieselben 1000 Zeilen mit einer einzigen Kopie ausgeben
# lassen. Drei oder vier Sätze. Ein Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "printing", "grade": true, "solution": true, "points": 3}
# *Deine Antwort hier.*

# %% [markdown]
# ## Zum Mitnehmen
#
# * Die Brücke zwischen Host und Device ist weit schmaler als der Speicher des Device. Kopiere einmal hin, einmal zurück.
# * Eine Operation ist ein Auftrag. Der Host wartet nur, wo er einen Wert braucht: `float()`, `.item()`, `if`, `print`,
#   `.get()`.
# * Auf ein Byte wartet er wie auf ein ganzes Bild. Frag also selten, und sammle kleine Ergebnisse auf dem Device, bevor
#   du sie holst.
# * `b = a` ist ein zweiter Name, `a.copy()` ein zweites Array.
# * Zähle, statt zu raten: Wie viele Operationen, wie viele Bytes hin, wie viele zurück?
#
# Wo keine GPU ist, vertritt hier der Ersatz von Lehrwerk das echte `cupy`. Er zählt jede Kopie so, wie es hier steht,
# aber seine Zeiten sagen nichts über eine GPU.
#
# ## Zum Weiterlesen
#
# * [Handbuch von CuPy: Grundlagen und Datentransfer (englisch)](https://docs.cupy.dev/en/stable/user_guide/basic.html)
# * [CuPys Liste der Unterschiede zu NumPy (englisch)](https://docs.cupy.dev/en/stable/user_guide/difference.html)
# * [CUDA C++ Best Practices Guide: Datentransfer zwischen Host und Device
#   (englisch)](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#data-transfer-between-host-and-device)
