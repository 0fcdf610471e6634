# %% [markdown]
# # Histogramme im Shared Memory
#
# Auf einem Wärmebild ist das meiste Hintergrund, und fast alle Pixel kommen in dasselbe Fach. Gerade solche Bilder
# zählt ein Histogramm mit atomaren Operationen langsam, denn alle stehen an einer Stelle an. Jetzt zählt jeder Block
# erst einmal für sich.
#
# Danach kannst du
#
# * jedem Block ein eigenes Histogramm geben, für jede Zahl von Fächern und jede Blockgröße;
# * Leeren, Zählen und Abgeben durch zwei Barrieren ordnen, zu denen alle Threads kommen;
# * begründen, wann sich eigene Zähler lohnen und wann nicht.
#
# Du brauchst etwa 55 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import numpy as np
from numba import cuda

from grader.checks import inspect

rng = np.random.default_rng(13)
levels = rng.integers(0, 100, 4096).astype(np.int32)
levels[rng.random(4096) < 0.75] = 24
pixels = cuda.to_device(levels)
print(f"{levels.size} Pixel, davon {(levels == 24).sum()} im Fach 24")

# %% [markdown]
# In dieser Einheit steht in `levels` schon die Nummer des Fachs, ein Wert für jedes Pixel.
#
# ## Wo sich alle treffen
#
# So zählst du bisher: Jeder Thread erhöht den Zähler seines Fachs im globalen Speicher. `inspect` zeigt für den ersten
# Warp, wohin seine 32 Threads greifen.
#
# **Was erwartest du?** Wohin führen die meisten Linien, wenn der Warp die Zähler ändert? Sieh dir das zweite Bild an.


# %%
@cuda.jit
def count_global(levels, counts):
    i = cuda.grid(1)
    if i < levels.shape[0]:
        cuda.atomic.add(counts, levels[i], 1)


counts = cuda.to_device(np.zeros(100, np.int32))
inspect(count_global)[16, 256](pixels, counts)

# %% [markdown]
# Im ersten Bild liest jeder Thread sein eigenes Pixel. Im zweiten laufen die meisten Linien auf eine einzige Stelle zu,
# und dort kommen die Threads nacheinander dran. Die anderen Blöcke wollen zur selben Zeit dasselbe.
#
# ## Erst für sich zählen
#
# Ein Block hat seinen eigenen, schnellen **Shared Memory**. Darin bekommt jeder Block ein eigenes Histogramm. Am Ende
# gibt er jedes Fach einmal ab, ganz gleich, wie viele Pixel darin sind. Das heißt **Privatisieren**.
#
# ![Zwei umrahmte Blöcke. In jedem führen Pfeile von sechs Pixeln zu vier eigenen Zählern: Block 0 hat die Pixel 2, 2, 0, 2, 3, 2 und die Zähler 1, 0, 4, 1; Block 1 hat die Pixel 2, 1, 2, 2, 2, 3 und die Zähler 0, 1, 4, 1. Von jedem Zähler über 0 führt ein Pfeil zu den vier globalen Zählern darunter: 1, 1, 8, 2.](figures/private.svg)
#
# Zwölf Pixel kommen so mit sechs Additionen im globalen Speicher aus. In einem echten Bild ist der Unterschied größer.
#
# **Was erwartest du?** Unser Bild hat 4096 Pixel und 100 Fächer. Wie viele Additionen im globalen Speicher bleiben bei
# 16 Blöcken, wie viele bei einem? Schreib zwei Zahlen auf.

# %%
for blocks in (16, 4, 1):
    handed_over = sum(np.unique(part).size for part in np.array_split(levels, blocks))
    print(f"{blocks:2} Blöcke: {handed_over:4} statt {levels.size}")

# %% [markdown]
# Auch im eigenen Histogramm treffen sich Threads, und auch dort braucht es `cuda.atomic.add`. Aber es treffen sich nur
# die Threads *eines* Blocks, und der Speicher liegt direkt neben ihnen.
#
# ## Mehr Fächer als Threads
#
# Shared Memory beginnt nicht mit Nullen. Wer leert die Fächer? Naheliegend ist: Thread `t` leert Fach `t`. Ein Block
# mit 64 Threads lässt dann aber von 100 Fächern 36 voll Müll.
#
# Besser läuft jeder Thread in Schritten von `blockDim` über die Fächer. Du kennst das als Grid-Stride-Schleife, hier
# aber innerhalb eines Blocks.
#
# **Was erwartest du?** Welche Fächer leert Thread 0, und welche Thread 40? Der Block hat 64 Threads.

# %%
for t in (0, 35, 36, 40, 63):
    print(f"Thread {t:2} leert {list(range(t, 100, 64))}")

# %% [markdown]
# Jedes Fach kommt genau einmal vor. Das stimmt auch, wenn es mehr Threads als Fächer gibt: Dann ist für manche Threads
# nichts zu tun, und die Schleife läuft kein einziges Mal.
#
# ## Zwei Barrieren
#
# Der Kernel hat drei Teile: **leeren**, **zählen**, **abgeben**. Die Warps eines Blocks sind verschieden schnell. Darum
# stehen zwischen den Teilen Barrieren, im Bild die dicken Linien. Schraffiert ist, wer wartet:
#
# ![Drei Warps, Zeit nach rechts. Jeder hat drei Balken: gleich 0, plus 1, global. Eine dicke senkrechte Linie trennt den ersten vom zweiten Balken, eine zweite den zweiten vom dritten. Warps, die früher fertig sind, warten vor der Linie; das ist schraffiert.](figures/barriers.svg)
#
# * Ohne die **erste** Barriere zählt ein schneller Warp schon, und ein langsamer leert sein Fach danach noch einmal.
# * Ohne die **zweite** gibt ein schneller Warp ein Fach ab, in das ein langsamer noch zählen will.
#
# Und wo stehen sie im Code? Im letzten Block haben manche Threads kein Pixel. Zur Barriere müssen sie trotzdem kommen.
# `if i < n:` umschließt also nur das Zählen und nie ein `cuda.syncthreads()`. Auch ein `return` für Threads ohne Pixel
# ist hier falsch: Sie werden noch zum Leeren und zum Abgeben gebraucht.

# %% [markdown]
# ## Aufgabe 1: shared_histogram
#
# Schreibe einen Kernel, der die Werte aus `levels` zählt, in jedem Block erst für sich:
#
# * `counts[b]` wächst um die Zahl der Pixel mit dem Wert `b`. Was dort schon steht, bleibt erhalten.
# * Werte unter 0 und Werte ab `counts.shape[0]` werden nicht gezählt.
# * Es gibt 1 bis 256 Fächer. Ein Block kann mehr oder weniger Threads als Fächer haben.
# * Jeder Block addiert auf jeden Platz von `counts` höchstens einmal. Dafür gibt es einen Punkt.
#
# Der Start hat mindestens einen Thread für jedes Pixel. Die Größe eines Arrays im Shared Memory ist eine feste Zahl:
# Nimm 256 und benutze davon, was du brauchst.


# %% nbgrader={"grade_id": "shared_histogram", "solution": true}
@cuda.jit
def shared_histogram(levels, counts):
    # Dein Code: leeren, zählen, abgeben. Was steht dazwischen?
    pass


# %% [markdown]
# Prüfe deinen Kernel, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Größen.

# %% nbgrader={"grade_id": "shared_histogram-test", "grade": true, "locked": true, "points": 6}
import checks

checks.shared_histogram(shared_histogram)
### BEGIN HIDDEN TESTS
import exam

exam.shared_histogram(shared_histogram)
### END HIDDEN TESTS

# %%
checks.shared_histogram_hint()

# %% [markdown]
# Sieh dir an, wie dein Kernel jetzt den globalen Speicher ändert. Solange er leer ist, gibt es dazu kein Bild.

# %%
counts = cuda.to_device(np.zeros(100, np.int32))
inspect(shared_histogram)[16, 256](pixels, counts)

# %% [markdown]
# Beim Abgeben gehört jedem Thread ein anderes Fach, und benachbarte Threads haben benachbarte Fächer. Die Linien laufen
# nebeneinander statt auf einen Punkt zu.

# %% [markdown]
# ## Aufgabe 2: strips_with
#
# Ein Wert, der nur an einer Stelle des Bildes vorkommt, ist oft ein Fehler der Kamera. Darum will die Steuerung wissen,
# wie weit jeder Wert verbreitet ist. Jeder Block sieht sich einen Streifen an: so viele Pixel, wie er Threads hat.
#
# Schreibe einen Kernel, der zählt, in wie **vielen Streifen** ein Wert vorkommt:
#
# * `counts[b]` wächst für jeden Streifen, der den Wert `b` enthält, um 1, auch wenn er ihn hundertmal enthält.
# * Alles andere ist wie in Aufgabe 1. Der Start hat gerade so viele Blöcke, wie das Bild braucht.


# %% nbgrader={"grade_id": "strips_with", "solution": true}
@cuda.jit
def strips_with(levels, counts):
    # Dein Code: Was muss ein Block über einen Wert wissen, und was gibt er ab?
    pass


# %% nbgrader={"grade_id": "strips_with-test", "grade": true, "locked": true, "points": 5}
import checks

checks.strips_with(strips_with)
### BEGIN HIDDEN TESTS
import exam

exam.strips_with(strips_with)
### END HIDDEN TESTS

# %%
checks.strips_with_hint()

# %% [markdown]
# Wie verbreitet sind die Werte unseres Bildes in 16 Streifen? Solange dein Kernel leer ist, steht überall 0.

# %%
strips = cuda.to_device(np.zeros(100, np.int32))
strips_with[16, 256](pixels, strips)
found = strips.copy_to_host()
print(f"Wert 24 ist in {found[24]} von 16 Streifen, die anderen sind im Mittel in {np.delete(found, 24).mean():.1f}")

# %% [markdown]
# ## Aufgabe 3: Finde die Fehler
#
# Die Segmentierung hat das Werkstück in Zonen geteilt: Schneide, Flanke, Schaft und so weiter. `zone` nennt für jedes
# Pixel die Nummer seiner Zone, oder -1 für den Hintergrund. Der Kernel unten soll die Rohwerte jeder Zone addieren und
# die Summe zu dem zählen, was schon in `sums` steht, je Block höchstens einmal. Es gibt höchstens 256 Zonen.
#
# Zwei Fehler sind darin. Der eine macht alle Summen falsch, sobald `sums` nicht leer ist oder es mehrere Blöcke gibt.
# Der andere zeigt sich, wenn der letzte Block nicht voll ist. Behebe beide.


# %% nbgrader={"grade_id": "zone_sums", "solution": true}
@cuda.jit
def zone_sums(zone, raw, sums):
    own = cuda.shared.array(256, np.int32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    zones = sums.shape[0]
    for z in range(t, zones, cuda.blockDim.x):
        own[z] = 0
    cuda.syncthreads()
    if i < zone.shape[0]:
        if zone[i] >= 0:
            cuda.atomic.add(own, zone[i], raw[i])
        cuda.syncthreads()
    for z in range(t, zones, cuda.blockDim.x):
        sums[z] = own[z]


# %% nbgrader={"grade_id": "zone_sums-test", "grade": true, "locked": true, "points": 5}
import checks

checks.zone_sums(zone_sums)
### BEGIN HIDDEN TESTS
import exam

exam.zone_sums(zone_sums)
### END HIDDEN TESTS

# %%
checks.zone_sums_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Ein Kollege will die 65.536 möglichen Rohwerte seiner Kamera zählen, jeden in einem eigenen Fach. Sein Block hat 256
# Threads und sieht 256 Pixel. Lohnt es sich, auch hier jeden Block für sich zählen zu lassen? Begründe mit der Arbeit
# beim Leeren und Abgeben, und nenne ein Bild, bei dem sich eigene Zähler sehr lohnen. Drei oder vier Sätze. Ein Mensch
# liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why-private", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * Privatisieren heißt: Jeder Block zählt für sich und gibt jedes Fach einmal ab.
# * Leeren, zählen, abgeben, und dazwischen je eine Barriere. Fehlt eine, ist es ein Wettlauf.
# * `range(t, bins, cuda.blockDim.x)` verteilt beliebig viele Fächer auf beliebig viele Threads.
# * `if i < n` umschließt nur die Arbeit am Pixel, nie eine Barriere.
# * Es lohnt sich, wenn viele Pixel auf wenige Fächer kommen.
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: Shared Memory und Synchronisation (englisch)](https://nvidia.github.io/numba-cuda/user/memory.html)
# * [Numba CUDA: welche atomaren Operationen es gibt (englisch)](https://nvidia.github.io/numba-cuda/user/intrinsics.html)
