# %% [markdown]
# # Zwei Bibliotheken, ein Speicher
#
# Die Auswertung der Wärmebilder ist in CuPy geschrieben. Eine Kollegin hat Kernel für dieselben Bilder, aber in Python
# mit Numba. Muss eine Seite alles neu schreiben? Müssen die Bilder über den Host laufen?
#
# Weder noch. Beide Bibliotheken arbeiten im Speicher derselben GPU, und sie können einander zeigen, wo ein Array liegt.
# In dieser Einheit lässt du Kernel von Numba auf Arrays von CuPy los und Funktionen von CuPy auf Arrays von Numba. Kein
# Byte wird dafür kopiert. Und du lernst, wann das schiefgeht.
#
# Du brauchst etwa 55 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import checks
import cupy as cp
import numpy as np
from numba import cuda

# %% [markdown]
# ## Eine Karte mit Adresse
#
# Ein Array auf der GPU besteht aus zwei Teilen: einem Stück Speicher dort und einem kleinen Python-Objekt auf dem Host.
# Das Objekt weiß, wo der Speicher beginnt und wie er zu lesen ist. Wer danach fragt, bekommt es gesagt: mit dem
# Attribut `__cuda_array_interface__`, einem Wörterbuch. Stell dir eine Visitenkarte vor.

# %%
image = cp.arange(12, dtype=cp.float32).reshape(3, 4)
for name, value in image.__cuda_array_interface__.items():
    print(f"{name:8} {value}")

# %% [markdown]
# * `data` ist die Adresse, und ob der Speicher nur gelesen werden darf.
# * `shape` und `typestr` sagen, wie viele Elemente es sind und von welchem Typ: `<f4` ist `float32`.
# * `strides` sagt, wie viele Bytes es zur nächsten Zeile und zur nächsten Spalte sind. `None` heißt: ohne Lücken.
# * `version` und `stream` sind Formalitäten.
#
# Wer die Karte liest, kann mit dem Array arbeiten. Kein Wert bewegt sich dafür.
#
# **Was erwartest du?** `image[:, ::2]` nimmt jede zweite Spalte. Was ist auf seiner Karte anders: die Adresse, die
# Form, die Schritte? Und bei `image[1:]`? Schreib es auf und führe dann die Zelle aus.


# %%
def card(array):
    told = array.__cuda_array_interface__
    return told["data"][0] - image.data.ptr, told["shape"], told["strides"]


print("image        ", card(image))
print("image[:, ::2]", card(image[:, ::2]))
print("image[1:]    ", card(image[1:]))

# %% [markdown]
# Die erste Zahl ist der Abstand vom Anfang von `image`. Die zweite Spalte des Ausschnitts liegt 8 Bytes weiter, die
# nächste Zeile 16. `image[1:]` beginnt 16 Bytes später und hat keine Lücken. Alle drei liegen im selben Speicher: Ein
# Ausschnitt ist eine **Ansicht**, eine eigene Karte für Speicher, den es schon gibt.
#
# ![In der Mitte ein Speicher mit zwölf Feldern, 0 bis 11. Von oben zeigt ein Objekt von CuPy mit der Form 3, 4 und ohne
# Schritte auf Feld 0. Von unten zeigt ein Objekt von Numba mit der Form 3, 2 und den Schritten 16, 8 auf dasselbe Feld;
# die Felder 0, 2, 4, 6, 8 und 10, die es erreicht, sind dick umrandet.](figures/card.svg)

# %% [markdown]
# ## Kernel von Numba auf Arrays von CuPy
#
# Ein Kernel in Numba ist eine Python-Funktion mit `@cuda.jit`. Sie steht für einen Thread, wie in CUDA C, und
# `cuda.grid(1)` ist die Nummer dieses Threads. Beim Start stehen in eckigen Klammern die Zahl der Blöcke und die Zahl
# der Threads in jedem Block. Dahinter kommen die Argumente, auch einfache Python-Zahlen: Numba übersetzt für die Typen,
# die es bekommt.
#
# Das ist der Kernel der Kollegin. Ein Pixel ist heiß, wenn es heißer ist als `high`. Es zählt auch als heiß, wenn es
# nur heißer ist als `low`, aber sein linker Nachbar heiß ist. So flackert der Rand einer heißen Stelle nicht. Ein
# Thread läuft eine Zeile entlang, denn jedes Pixel braucht die Entscheidung des vorigen. Array-Operationen können das
# nicht.


# %%
@cuda.jit
def hysteresis(rows, high, low, marks):
    r = cuda.grid(1)
    if r < rows.shape[0]:
        hot = False
        for c in range(rows.shape[1]):
            hot = rows[r, c] > high or (hot and rows[r, c] > low)
            marks[r, c] = hot


# %% [markdown]
# `checks.traffic(function, ...)` ruft eine Funktion auf und zählt: Operationen, Bytes zum Device, Bytes zurück.
#
# **Was erwartest du?** Einmal bekommt der Kernel Arrays von CuPy, einmal Arrays von NumPy. Das Bild hat 2 × 4 Werte mit
# 4 Bytes, die Markierungen haben je 1 Byte. Schreib für beide Fälle auf, wie viele Bytes kopiert werden.

# %%
rows = np.array([[50, 70, 58, 52], [58, 50, 72, 71]], np.float32)
marks = np.zeros((2, 4), np.uint8)


def launch(rows, marks):
    hysteresis[1, 32](rows, 60, 55, marks)


rows_there, marks_there = cp.asarray(rows), cp.asarray(marks)
print("CuPy: ", checks.traffic(launch, rows_there, marks_there))
print("NumPy:", checks.traffic(launch, rows, marks))
print(marks_there)

# %% [markdown]
# Mit Arrays von CuPy geht nichts über die Brücke. Numba liest die Karte und startet. Mit Arrays von NumPy kopiert es
# alle 40 Bytes hin und alle 40 zurück, denn es kann nicht wissen, was der Kernel ändert.
#
# In der ersten Zeile zählt 58 als heiß, weil links davon 70 steht. In der zweiten Zeile nicht: Da ist 58 der erste
# Wert.
#
# Und Ausschnitte? Ein `RawKernel` sieht nichts von Schritten und liest die falschen Elemente. Numba gibt dem Kernel die
# Schritte mit, also stimmt `rows[r, c]` auch für einen Ausschnitt.

# %%
every_second = rows_there[:, ::2]
marks_there = cp.zeros((2, 2), cp.uint8)
print("slice:", checks.traffic(launch, every_second, marks_there))
print(every_second, marks_there, sep="\n")

# %% [markdown]
# ## Übung 1: hot_share
#
# Bring beides zusammen: CuPy korrigiert, der Kernel von Numba entscheidet, CuPy fasst zusammen. Schreib
# `hot_share(image, offset, high, low)`:
#
# * `image` und `offset` haben die Form `(height, width)` und den dtype `float32`; sie liegen auf dem Device. `high` und
#   `low` sind Python-Zahlen.
# * Zieh zuerst `offset` ab. Dann entscheidet `hysteresis` von oben über jedes Pixel.
# * Das Ergebnis ist ein CuPy-Array der Form `(height,)` in `float32`: für jede Zeile der Anteil der heißen Pixel.
# * Zwischen Host und Device wird nichts kopiert, höchstens 8 Operationen werden gestartet, und die Eingaben bleiben,
#   wie sie sind.
#
# `height` ist eine beliebige Zahl ab 1. Runde die Zahl der Blöcke also auf. Die emulierte GPU weist vielleicht auf
# verstreute Zugriffe hin: Ein Thread für jede Zeile ist einfach, aber nicht schnell. Darauf kommt es hier nicht an.


# %% nbgrader={"grade_id": "hot_share", "solution": true}
def hot_share(image, offset, high, low):
    # Dein Code: korrigieren, Platz für die Markierungen schaffen, starten, zusammenfassen.
    raise NotImplementedError


# %% [markdown]
# Prüfe deine Funktion, so oft du willst. Die Punkte kommen von derselben Prüfung mit anderen Bildern.

# %% nbgrader={"grade_id": "hot_share-test", "grade": true, "locked": true, "points": 7}
import checks

checks.hot_share(hot_share)
### BEGIN HIDDEN TESTS
import exam

exam.hot_share(hot_share)
### END HIDDEN TESTS

# %%
# Kommst du nicht weiter? Jeder Lauf dieser Zelle zeigt einen Hinweis mehr.
checks.hot_share_hint()

# %% [markdown]
# ## Der Weg zurück
#
# Die andere Richtung geht genauso. Der Treiber der Kamera ist mit Numba geschrieben und übergibt ein **Device-Array**
# von Numba. Es hat keine Funktionen zum Rechnen: `film.mean()` gibt es nicht. CuPy hat sie alle. `cp.asarray(film)`
# liest die Karte und gibt ein CuPy-Array im selben Speicher.
#
# `cp.asarray` kopiert nur, wenn es muss, `cp.array` immer. Für alles andere gibt es einen einfachen Test. Schreib eine
# 1 durch das Ergebnis hindurch und sieh nach, ob sie im Original ankommt.
#
# **Was erwartest du?** Schreib zu jeder Zeile auf, ob sie eine Ansicht oder eine Kopie liefert. Führe dann die Zelle
# aus.

# %%
lines = {
    "cp.asarray(d)": lambda d: cp.asarray(d),
    "cp.array(d)": lambda d: cp.array(d),
    "cp.asarray(d)[::2]": lambda d: cp.asarray(d)[::2],
    "cp.asarray(d).reshape(2, 3)": lambda d: cp.asarray(d).reshape(2, 3),
    "cp.asarray(d, dtype=cp.float64)": lambda d: cp.asarray(d, dtype=cp.float64),
    "cp.asarray(d) * 1": lambda d: cp.asarray(d) * 1,
    "cuda.as_cuda_array(cp.asarray(d))": lambda d: cuda.as_cuda_array(cp.asarray(d)),
    "cuda.to_device(cp.asarray(d))": lambda d: cuda.to_device(cp.asarray(d)),
}
for name, line in lines.items():
    d = cuda.to_device(np.zeros(6, np.float32))
    line(d)[:] = 1
    print(f"{name:34} {'view' if d.copy_to_host().any() else 'copy'}")

# %% [markdown]
# * Ein anderer Typ braucht andere Bytes. Also kopiert `dtype=`, wo der Typ ein anderer ist.
# * Eine Operation wie `* 1` schreibt immer in ein neues Array. Mit `*=` schreibt sie in das alte.
# * `cuda.as_cuda_array(x)` macht aus einem CuPy-Array eines von Numba, im selben Speicher. Das gibst du an ein Programm
#   zurück, das Arrays von Numba erwartet.
# * Die letzte Zeile überrascht: `cuda.to_device` kopiert nur NumPy-Arrays. Was auf dem Device liegt, bleibt, wo es ist.
#
# Keine dieser Kopien geht über die Brücke zum Host, alle geschehen auf dem Device. Den Fehler verraten also nicht die
# Bytes. Ihn verrät das Ergebnis, das nicht ankommt.

# %% [markdown]
# ## Übung 2: remove_background
#
# Der Treiber will seinen Film ohne den Hintergrund: Von jedem Pixel wird sein Mittel über die Zeit abgezogen. Er
# arbeitet mit seinem eigenen Array weiter, also müssen sich die Werte **an Ort und Stelle** ändern. Schreib
# `remove_background(film)`:
#
# * `film` ist ein Device-Array von Numba mit der Form `(n, height, width)` und dem dtype `float32`.
# * Danach hat jedes Pixel in `film` sein Mittel über die `n` Bilder verloren. Was die Funktion zurückgibt, ist egal.
# * Zwischen Host und Device wird nichts kopiert, und höchstens 8 Operationen werden gestartet.


# %% nbgrader={"grade_id": "remove_background", "solution": true}
def remove_background(film):
    # Dein Code: CuPy rechnet, im Speicher des Treibers.
    raise NotImplementedError


# %% nbgrader={"grade_id": "remove_background-test", "grade": true, "locked": true, "points": 6}
import checks

checks.remove_background(remove_background)
### BEGIN HIDDEN TESTS
import exam

exam.remove_background(remove_background)
### END HIDDEN TESTS

# %%
checks.remove_background_hint()

# %% [markdown]
# ## Wer räumt auf?
#
# Wenn niemand mehr ein Array braucht, ist sein Speicher frei und gehört bald einem anderen. Wer ist „niemand“? Solange
# es ein Python-Objekt gibt, das auf das Array verweist, bleibt der Speicher. Eine Ansicht kennt ihren Besitzer:

# %%
frame = cp.full(4, 25, cp.float32)
view = cuda.as_cuda_array(frame)
del frame  # der Name ist weg
print(view.copy_to_host())

# %% [markdown]
# Der Name ist weg, der Speicher nicht: `view` hält das CuPy-Array fest. Eine Karte hält nichts fest. Auf ihr steht eine
# Adresse, und eine Adresse ist nur eine Zahl.
#
# **Was erwartest du?** Unten wird nur die Karte aufgehoben. Was kommt am Ende heraus: 25, 99 oder ein Fehler?


# %%
class Stored:
    def __init__(self, array):
        self.__cuda_array_interface__ = array.__cuda_array_interface__


frame = cp.full(4, 25, cp.float32)
stored = Stored(frame)
print("frame is alive:", cp.asarray(stored))
del frame
other = cp.full(4, 99, cp.float32)
try:
    print("frame is gone: ", cp.asarray(stored))
except ValueError as error:
    print("frame is gone: ", error)

# %% [markdown]
# Der Ersatz für CuPy merkt es. Eine echte GPU merkt es nicht. Dort hebt CuPy frei gewordenen Speicher in einem **Pool**
# auf und gibt ihn dem nächsten Array dieser Größe. Du würdest höchstwahrscheinlich 99 lesen, ohne jeden Fehler, und
# beim Schreiben das andere Array zerstören.
#
# Daher die Regel: Gib das **Array** weiter, nicht seine Karte und nicht seine Adresse. Wenn du eine Adresse aufheben
# musst, heb das Array daneben auf. In der Klasse oben genügt eine Zeile mehr: `self.owner = array`.
#
# Eine zweite Regel betrifft die Reihenfolge. Beide Bibliotheken legen ihre Arbeit auf denselben Standard-Stream, und
# dort wird sie nacheinander erledigt. Wer eigene Streams benutzt, muss sich auch um die Reihenfolge kümmern.

# %% [markdown]
# ## Übung 3: Finde die Fehler in mend_channel
#
# Der Sensor wird durch zwei Verstärker ausgelesen, die sich abwechseln: Einer hat die geraden Spalten, der andere die
# ungeraden. Einer von ihnen ist träge. Er schleppt einen Anteil jedes Pixels in das nächste mit, das er liest. Dieser
# Kernel nimmt den Anteil wieder heraus, an Ort und Stelle, Zeile für Zeile:


# %%
@cuda.jit
def unlag(part, lag):
    r = cuda.grid(1)
    if r < part.shape[0]:
        before = part[r, 0]
        for c in range(1, part.shape[1]):
            seen = part[r, c]
            part[r, c] = (seen - lag[r] * before) / (np.float32(1) - lag[r])
            before = seen


# %% [markdown]
# Der Kernel stimmt. Die Funktion, die ihn startet, nicht: Das Bild bleibt, wie es war, oder die letzten Zeilen bleiben
# es, und Daten laufen über den Host. Bring sie in Ordnung:
#
# * `image` ist ein CuPy-Array der Form `(height, width)` in `float32` mit mindestens 2 Spalten. `channel` ist 0 oder 1,
#   und `lag` ist ein CuPy-Array der Form `(height,)`.
# * Danach sind die Spalten `channel`, `channel + 2` und so weiter **an Ort und Stelle** repariert. Die anderen bleiben,
#   wie sie waren.
# * Zwischen Host und Device wird nichts kopiert, und `unlag` ist die einzige Operation.


# %% nbgrader={"grade_id": "mend_channel", "solution": true}
def mend_channel(image, channel, lag):
    # Bring das in Ordnung; du darfst jede Zeile ändern.
    part = cp.ascontiguousarray(image[:, channel::2])
    lag_there = cuda.to_device(cp.asnumpy(lag))
    unlag[part.shape[0] // 32, 32](part, lag_there)


# %% nbgrader={"grade_id": "mend_channel-test", "grade": true, "locked": true, "points": 6}
import checks

checks.mend_channel(mend_channel)
### BEGIN HIDDEN TESTS
import exam

exam.mend_channel(mend_channel)
### END HIDDEN TESTS

# %%
checks.mend_channel_hint()

# %% [markdown]
# ## Und ohne Numba?
#
# Auch CuPy kann Kernel aus Python übersetzen, mit `cupyx.jit.rawkernel`. Die Funktion bleibt dieselbe, nur steht
# `jit.grid(1)` an der Stelle von `cuda.grid(1)`. CuPy macht CUDA C daraus. Es nennt das noch einen Versuch: Namen
# können sich ändern.
#
# **Was erwartest du?** Der Kernel bekommt `every_second` von oben, einen Ausschnitt. Liest er die richtigen Spalten,
# wie der von Numba, oder die falschen, wie ein `RawKernel`?


# %%
from cupyx import jit


@jit.rawkernel()
def hysteresis_of_cupy(rows, high, low, marks):
    r = jit.grid(1)
    if r < rows.shape[0]:
        hot = False
        for c in range(rows.shape[1]):
            hot = rows[r, c] > high or (hot and rows[r, c] > low)
            marks[r, c] = hot


marks_there = cp.zeros((2, 2), cp.uint8)
hysteresis_of_cupy[1, 32](every_second, 60, 55, marks_there)
print(every_second, marks_there, sep="\n")

# %% [markdown]
# Die richtigen: Auch hier gehen die Schritte mit. Wähl also nach dem, was dein Programm schon benutzt. Wo alle Arrays
# von CuPy sind, kommt dieser Kernel ohne eine zweite Bibliothek aus. Wo es Kernel von Numba gibt, muss sie niemand neu
# schreiben.

# %% [markdown]
# ## Mit eigenen Worten
#
# Ein Programm merkt sich für die letzten zehn Bilder nur `frame.data.ptr`, um Speicher zu sparen, und lässt später
# einen Kernel von dort lesen. Bei wenigen Bildern geht das gut, bei vielen zeigt es ab und zu falsche Bilder. Erkläre,
# warum, warum es keinen Fehler gibt und was du stattdessen aufheben würdest. Drei oder vier Sätze. Diese Antwort liest
# und bewertet ein Mensch.

# %% [markdown] nbgrader={"grade_id": "noted_address", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * Bibliotheken für die GPU geben Arrays mit `__cuda_array_interface__` weiter: Adresse, Form, Typ, Schritte. Kein Wert
#   bewegt sich.
# * Kernel von Numba nehmen Arrays von CuPy, wie sie sind, auch Ausschnitte. Arrays von NumPy gingen zweimal über die
#   Brücke.
# * `cp.asarray(d)` und `cuda.as_cuda_array(x)` sind Ansichten. `cp.array`, ein anderer dtype und jede Operation sind
#   Kopien.
# * Ob etwas eine Ansicht ist, zeigt sich, wenn du hindurchschreibst.
# * Eine Ansicht hält ihren Besitzer am Leben, eine Adresse nicht. Gib Arrays weiter, keine Adressen.
#
# ## Weiterlesen
#
# * [Wie CuPy mit anderen Bibliotheken zusammenarbeitet
#   (englisch)](https://docs.cupy.dev/en/stable/user_guide/interoperability.html)
# * [Numba CUDA: das CUDA Array Interface
#   (englisch)](https://nvidia.github.io/numba-cuda/user/cuda_array_interface.html)
# * [Numba CUDA: Kernel schreiben (englisch)](https://nvidia.github.io/numba-cuda/user/kernels.html)
# * [Kernel in Python mit CuPy (englisch)](https://docs.cupy.dev/en/stable/user_guide/kernel.html#jit-kernel-definition)
