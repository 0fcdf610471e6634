# %% [markdown]
# # Daten so legen, dass Warps sie gern lesen
#
# Die Wärmebildkamera liefert mehr, als das Auge braucht: viele Bilder und zu jedem Pixel mehrere Zahlen. Kernel, die
# das nur umräumen, warten allein auf den Speicher. Ob sie schnell sind, entscheidet die Frage, welcher Thread welche
# Zahl anfasst.
#
# Danach kannst du
#
# * einem Thread mehrere Pixel geben, ohne dass ein Warp mehr Sektoren braucht;
# * Felder statt Datensätzen nebeneinander legen und das eine ins andere umräumen;
# * an der Form eines Arrays sehen, welcher Index sich von Thread zu Thread ändern muss;
# * begründen, warum eine CPU es andersherum mag.
#
# Du brauchst etwa 55 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import numpy as np
from numba import cuda

from grader.checks import inspect

pixels = np.random.default_rng(7).uniform(20, 90, 4096).astype(np.float32)
image = cuda.to_device(pixels)
copied = cuda.device_array_like(image)
print(f"{pixels.size} Pixel, {pixels.nbytes} Bytes, {pixels.nbytes // 32} Sektoren")

# %% [markdown]
# ## Mehrere Pixel für einen Thread
#
# Zur Erinnerung: Der Speicher liefert **Sektoren** von 32 Bytes, das sind acht `float32`. Ein Warp aus 32 Threads
# braucht für 32 Zahlen nebeneinander 4 davon.
#
# Oft soll ein Thread mehrere Pixel bearbeiten, zum Beispiel weil er am Anfang etwas ausrechnet, das für alle gilt. Vier
# Threads mit je drei Pixeln können sie auf zwei Arten verteilen. Die Zahl im Kästchen nennt den Thread, und gelb ist,
# was jeder als Erstes anfasst:
#
# ![Zwei Reihen aus zwölf Kästchen. Obere Reihe: 0 0 0 1 1 1 2 2 2 3 3 3, das jeweils erste jeder Zahl ist gelb, sie liegen drei auseinander. Untere Reihe: 0 1 2 3 0 1 2 3 0 1 2 3, die ersten vier sind gelb und liegen nebeneinander.](figures/stripes.svg)
#
# Oben bekommt jeder seine Pixel am Stück (englisch *blocked*). So würde man Arbeit unter Menschen verteilen. Unten wird
# in Streifen verteilt (englisch *striped*): Thread `t` nimmt `t`, `t + 4` und `t + 8`.
#
# **Was erwartest du?** Jeder Thread hat 4 Pixel am Stück. Wie viele Sektoren liest ein Warp bei einem Zugriff? Wie
# viele sind es bei 8 und bei 16 Pixeln?


# %%
@cuda.jit
def copy_blocked(image, items, out):
    first = cuda.grid(1) * items
    for k in range(items):
        i = first + k
        if i < image.shape[0]:
            out[i] = image[i]


inspect(copy_blocked)[16, 64](image, 4, copied)

# %%
for items in (1, 2, 4, 8, 16):
    counters = inspect(copy_blocked)[4096 // (64 * items), 64](image, items, copied).counters
    print(f"{items:2} Pixel je Thread: {counters.global_sectors} Sektoren, davon {counters.coalescing:.1%} nötig")

# %% [markdown]
# Bei 4 Pixeln sind es 16 Sektoren für jeden Zugriff, bei 8 schon 32, für jeden Thread einer. Mehr wird es nicht, denn
# mehr als 32 Threads hat ein Warp nicht.
#
# Die übrigen sieben Zahlen eines Sektors braucht derselbe Thread gleich danach. Auf einer echten GPU liegen sie dann
# vielleicht noch im Cache, und der Schaden ist kleiner, als die Zahlen hier sagen. Aber auch der Cache wird von den
# Nachbarn mitbenutzt, und verlassen kann man sich auf ihn nicht.

# %% [markdown]
# ## Aufgabe 1: copy_striped
#
# Schreibe die Kopie in Streifen: `out[i] = image[i]` für alle `i`.
#
# * Jeder Thread hat höchstens `items` Pixel, zwischen 1 und 64. Ein Block mit `blockDim.x` Threads hat also ein Stück
#   aus `blockDim.x * items` Pixeln, und der nächste Block beginnt dahinter.
# * Innerhalb des Stücks verteilst du in Streifen.
# * Die Zahl der Pixel muss kein Vielfaches von irgendetwas sein. Dann ist der letzte Block nicht voll.
#
# Der Start hat gerade so viele Blöcke, wie nötig sind. Punkte gibt es auch für den Anteil nötiger Sektoren: mindestens
# 90 %. Wo eine GPU bewertet, zählt außerdem das Tempo neben einer einfachen Kopie.


# %% nbgrader={"grade_id": "copy_striped", "solution": true}
@cuda.jit
def copy_striped(image, items, out):
    # Dein Code: Wo beginnt dieser Thread, und wie weit ist es zum nächsten Pixel?
    pass


# %% [markdown]
# Prüfe deinen Kernel, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Größen.

# %% nbgrader={"grade_id": "copy_striped-test", "grade": true, "locked": true, "points": 5}
import checks

checks.copy_striped(copy_striped)
### BEGIN HIDDEN TESTS
import exam

exam.copy_striped(copy_striped)
### END HIDDEN TESTS

# %%
checks.copy_striped_hint()

# %% [markdown]
# Vergleiche dieses Bild mit dem von oben. Solange dein Kernel leer ist, gibt es keins.

# %%
inspect(copy_striped)[16, 64](image, 4, copied)

# %% [markdown]
# ## Datensätze oder Felder
#
# In der Datei der Kamera steht zu jedem Pixel ein **Datensatz** aus vier Zahlen: Rohwert `a`, Dunkelwert `b`,
# Verstärkung `c` und Alter `d`. Das Array hat die Form `(pixels, 4)`, und die vier Zahlen eines Pixels liegen
# hintereinander. Das heißt *array of structures*.
#
# Man kann auch vier **Ebenen** anlegen, eine für jedes Feld. Das Array hat dann die Form `(4, pixels)` und heißt
# *structure of arrays*. Ein Kernel braucht oft nur ein Feld, hier `a` von acht Pixeln. Rahmen sind Sektoren:
#
# ![Zwei Reihen aus 32 Kästchen, jede in vier umrahmte Sektoren geteilt. Obere Reihe: a b c d, achtmal hintereinander; die acht gelben a verteilen sich auf alle vier Sektoren. Untere Reihe: achtmal a, achtmal b, achtmal c, achtmal d; die acht gelben a füllen den ersten Sektor.](figures/layouts.svg)
#
# Die zwei Kernel unten berechnen `a` mal `c`, der eine aus Datensätzen, der andere aus Ebenen.
#
# **Was erwartest du?** Wie viele Sektoren liest ein Warp jeweils, für beide Felder zusammen?


# %%
@cuda.jit
def from_records(records, out):
    i = cuda.grid(1)
    if i < records.shape[0]:
        out[i] = records[i, 0] * records[i, 2]


@cuda.jit
def from_planes(planes, out):
    i = cuda.grid(1)
    if i < planes.shape[1]:
        out[i] = planes[0, i] * planes[2, i]


four = np.random.default_rng(8).uniform(0, 1, (1024, 4)).astype(np.float32)
records = cuda.to_device(four)
planes = cuda.to_device(np.ascontiguousarray(four.T))
product = cuda.device_array(1024, np.float32)
inspect(from_records)[8, 128](records, product)

# %%
inspect(from_planes)[8, 128](planes, product)

# %% [markdown]
# Aus Datensätzen sind es 32 Sektoren, aus Ebenen 8. Genau genommen sind es 16, und jeder wird zweimal gelesen, denn `a`
# und `c` eines Pixels liegen im selben Sektor. Dabei hilft der Cache, aber `b` und `d` reisen immer mit.
#
# Die Regel: **Was Threads gemeinsam brauchen, gehört nebeneinander.** Benachbarte Threads brauchen dasselbe Feld
# benachbarter Pixel. Ein Thread, der alle vier Felder seines Pixels nacheinander braucht, ändert daran nichts.

# %% [markdown]
# ## Aufgabe 2: to_planes
#
# Räume um: `planes[f, p] = records[p, f]` für alle Pixel `p` und alle vier Felder `f`.
#
# Gibst du jedem Thread ein Pixel, liest der Warp bei jedem Feld 16 Sektoren statt 4. Gib lieber jedem Thread **eine
# Zahl**, in der Reihenfolge, in der sie in `records` liegen. Dann liest ein Warp 32 Zahlen am Stück, und das sind acht
# Pixel. Was schreibt er? In jede der vier Ebenen acht Zahlen nebeneinander.
#
# * `records` hat die Form `(pixels, 4)`, `planes` die Form `(4, pixels)`.
# * Der Start hat Blöcke aus 128 Threads und mehr Threads, als es Zahlen gibt.
# * Punkte gibt es auch für den Anteil nötiger Sektoren: mindestens 60 %. Ganz ohne Verlust geht es nicht immer, weil
#   eine Ebene mitten in einem Sektor beginnen kann.


# %% nbgrader={"grade_id": "to_planes", "solution": true}
@cuda.jit
def to_planes(records, planes):
    # Dein Code: Zu welchem Pixel und welchem Feld gehört die Zahl dieses Threads?
    pass


# %% nbgrader={"grade_id": "to_planes-test", "grade": true, "locked": true, "points": 5}
import checks

checks.to_planes(to_planes)
### BEGIN HIDDEN TESTS
import exam

exam.to_planes(to_planes)
### END HIDDEN TESTS

# %%
checks.to_planes_hint()

# %%
ordered = cuda.to_device(np.zeros((4, 1024), np.float32))
inspect(to_planes)[33, 128](records, ordered)

# %% [markdown]
# ## Aufgabe 3: Finde die Fehler
#
# In der Einheit über Bilder gehörte der letzte Index zu `x`. Dort stand `image[y, x]`. Eine andere Kamera liest ihren
# Sensor Spalte für Spalte aus. Ihre Bilder haben die Form `(width, height)`, und ein Pixel ist `raw[x, y]`:
# Untereinander liegende Pixel sind im Speicher Nachbarn.
#
# **Was erwartest du?** Welche Zahl von `cuda.grid(2)` muss hier `y` sein, die erste oder die zweite?
#
# Jede Spalte dieses Sensors hat ihren eigenen Verstärker, und jeder liegt um einen anderen Betrag daneben. `offset[x]`
# sagt, um wie viel. Der Kernel unten soll es von jedem Pixel abziehen. Drei Fehler sind darin, und einen davon sieht
# man nur an den Sektoren. Der Start hat in beiden Achsen genug Threads, ganz gleich, wie herum du sie benutzt.


# %% nbgrader={"grade_id": "even_out", "solution": true}
@cuda.jit
def even_out(raw, offset, out):
    x, y = cuda.grid(2)
    height, width = raw.shape
    if x < width and y < height:
        out[x, y] = raw[x, y] - offset[y]


# %% nbgrader={"grade_id": "even_out-test", "grade": true, "locked": true, "points": 5}
import checks

checks.even_out(even_out)
### BEGIN HIDDEN TESTS
import exam

exam.even_out(even_out)
### END HIDDEN TESTS

# %%
checks.even_out_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Ein Kollege kopiert auf einer CPU mit acht Kernen, und dort ist das Verteilen am Stück schneller als das in Streifen.
# Auf der GPU findest du das Gegenteil. Erkläre beides: Wer teilt sich auf der CPU einen Cache und in welcher
# Reihenfolge kommen die Zugriffe, und wie ist es bei den Threads eines Warps? Nenne Zahlen für 8 Pixel je Thread. Vier
# oder fünf Sätze. Ein Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why-stripes", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * In Streifen verteilen: Der Schritt von einem Pixel zum nächsten ist `blockDim` oder das ganze Grid, nie 1.
# * Jedes einzelne Pixel braucht den Wächter, denn der letzte Streifen ist nicht voll.
# * Felder statt Datensätze: Was benachbarte Threads zugleich brauchen, liegt nebeneinander.
# * Der letzte Index ändert sich von Thread zu Thread, wie immer er heißt.
# * Am Ergebnis sieht man nichts davon. `inspect` zählt die Sektoren.
#
# ## Zum Weiterlesen
#
# * [CUDA C++ Best Practices Guide von NVIDIA: zusammengefasste Speicherzugriffe
#   (englisch)](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/)
# * [CUDA C++ Programming Guide von NVIDIA: Speicher und wie er gelesen wird
#   (englisch)](https://docs.nvidia.com/cuda/cuda-c-programming-guide/)
