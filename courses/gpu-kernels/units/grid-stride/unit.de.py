# %% [markdown]
# # Schleifen über das ganze Grid
#
# Eine Wärmebildkamera beobachtet ein Werkstück, während es gefräst wird. Mal liefert sie ein einzelnes Bild, mal einen
# Film aus tausend Bildern. Bisher hast du für jede Länge einen eigenen Start berechnet. In dieser Einheit schreibst du
# Kernel, denen das gleich ist: Sie stimmen mit einem Block und auch mit viel zu vielen.
#
# Danach kannst du
#
# * eine Grid-Stride-Schleife schreiben, die für jeden Start stimmt;
# * in so einer Schleife Fehler an Anfang, Ende und Schritt finden und beheben;
# * erklären, warum der Schritt das ganze Grid ist und wozu so eine Schleife gut ist.
#
# Du brauchst etwa 50 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import numpy as np
from numba import cuda

raw = np.random.default_rng(7).integers(500, 2000, 1000).astype(np.int32)
pixels = cuda.to_device(raw)

# %% [markdown]
# ## Weniger Threads als Pixel
#
# Das ist der Kernel, den du kennst: ein Thread, ein Pixel. Er macht aus Rohwerten Grad Celsius.
#
# **Was erwartest du?** Es gibt 1000 Pixel, und der Start hat 2 Blöcke mit je 64 Threads. Wie viele Pixel bekommen keine
# Temperatur? Schreib deine Zahl auf und führe dann die Zelle aus.


# %%
@cuda.jit
def calibrate_one(raw, celsius):
    i = cuda.grid(1)
    if i < raw.size:
        celsius[i] = np.float32(raw[i]) * np.float32(0.04)


celsius = cuda.to_device(np.full(1000, -1, np.float32))
calibrate_one[2, 64](pixels, celsius)
missing = (celsius.copy_to_host() == -1).sum()
print(f"{2 * 64} Threads, {missing} Pixel ohne Temperatur")

# %% [markdown]
# 128 Threads haben 128 Pixel erledigt, 872 blieben liegen. Ein Ausweg ist ein größeres Grid, wie in der Einheit davor.
# Der andere: Ein Thread, der mit seinem Pixel fertig ist, **nimmt sich noch eins**.
#
# ## Ein Thread, mehrere Pixel
#
# Das Bild zeigt 20 Pixel und ein Grid aus 2 Blöcken mit je 4 Threads. Das sind 8 Threads. Im ersten Durchgang nehmen
# sie die Pixel 0 bis 7, im zweiten die Pixel 8 bis 15 und im dritten den Rest.
#
# ![Acht Spalten, eine für jeden der Threads 0 bis 7, in zwei Rahmen von je vier Spalten: den Blöcken. Unter jedem Thread stehen seine Pixel. Erste Zeile: 0 bis 7. Zweite Zeile: 8 bis 15. Dritte Zeile: 16 bis 19 bei den Threads 0 bis 3; die Plätze der Threads 4 bis 7 sind schraffiert und leer.](figures/passes.svg)
#
# Lies die Spalte unter Thread 5: Er nimmt Pixel 5, dann Pixel 13, und danach ist keins mehr da. Von einem Pixel zum
# nächsten geht er um 8 weiter, die Zahl **aller Threads im Grid**. So eine Schleife heißt *Grid-Stride-Schleife*: Ihre
# Schrittweite, auf Englisch *Stride*, ist das Grid.
#
# Beide Zahlen kennt Numba: `cuda.grid(1)` ist die Nummer dieses Threads, und `cuda.gridsize(1)` sagt, wie viele es
# sind. Die Schleife ist damit eine Zeile: `range(Anfang, Ende, Schritt)` mit dem Thread als Anfang, der Zahl der Pixel
# als Ende und dem Grid als Schritt.
#
# **Was erwartest du?** Der Kernel unten wird viermal gestartet, mit einem einzigen Thread bis hin zu 2560 Threads.
# Welche Starts liefern das richtige Ergebnis?


# %%
@cuda.jit
def calibrate(raw, celsius):
    for i in range(cuda.grid(1), raw.size, cuda.gridsize(1)):
        celsius[i] = np.float32(raw[i]) * np.float32(0.04)


for blocks, threads in ((1, 1), (1, 64), (2, 64), (40, 64)):
    celsius = cuda.to_device(np.full(1000, -1, np.float32))
    calibrate[blocks, threads](pixels, celsius)
    right = np.allclose(celsius.copy_to_host(), raw * np.float32(0.04))
    print(f"{blocks:2} Blöcke mit {threads:2} Threads, richtig: {right}")

# %% [markdown]
# Alle. Und wo ist der Wächter? Er steckt im Ende von `range`: Ein Thread mit der Nummer 1000 oder mehr beginnt hinter
# dem Ende, seine Schleife läuft also gar nicht. Ein Start mit einem einzigen Thread ist übrigens eine gewöhnliche
# Schleife. Das hilft bei der Fehlersuche: Was sogar dann falsch ist, hat mit Threads nichts zu tun.
#
# ## Wem gehört das Pixel?
#
# Lass die Threads ihre Pixel unterschreiben. **Was erwartest du?** Welcher Thread unterschreibt beim Start aus dem Bild
# Pixel 13, und welcher Pixel 18? Sieh ins Bild, schreib es auf und führe dann die Zelle aus.


# %%
@cuda.jit
def sign(owner):
    for i in range(cuda.grid(1), owner.size, cuda.gridsize(1)):
        owner[i] = cuda.grid(1)


owner = cuda.device_array(20, np.int32)
sign[2, 4](owner)
print("Pixel:  ", *(f"{i:2}" for i in range(20)))
print("Thread: ", *(f"{t:2}" for t in owner.copy_to_host()))

# %% [markdown]
# ## Nachbarn nehmen Nachbarn
#
# Warum nimmt Thread 0 nicht einfach die Pixel 0, 1 und 2, und Thread 1 die nächsten drei? Dann hätte jeder Thread sein
# eigenes Stück, und jedes Pixel käme einmal dran. Auch so wäre das Ergebnis richtig.
#
# Der Grund ist der Speicher. Er gibt keine einzelnen Pixel heraus, sondern immer ein ganzes Stück mit benachbarten. Die
# Threads eines Warps gehen jeden Schritt gemeinsam. Also zählt, was sie **im selben Schritt** anfassen. Das Bild zeigt
# den ersten Schritt von vier Threads; ein dicker Rahmen ist ein Stück, das der Speicher herausgeben muss.
#
# ![Zwei Reihen mit 16 Pixeln in Stücken von je vier. Oben, mit dem Grid als Schritt, fassen die Threads 0 bis 3 die Pixel 0 bis 3 an, und ein Stück hat einen dicken Rahmen. Unten, mit einem eigenen Stück je Thread, fassen sie die Pixel 0, 4, 8 und 12 an, und alle vier Stücke haben dicke Rahmen.](figures/neighbours.svg)
#
# Oben reicht ein Stück für alle. Unten sind es vier, und drei Viertel davon braucht in diesem Moment niemand. Deshalb
# sollen in jedem Durchgang benachbarte Threads benachbarte Pixel nehmen.

# %% [markdown]
# ## Aufgabe 1: add_frame
#
# Ein einzelnes Bild rauscht. Deshalb zählt man die Bilder eines Films zusammen und teilt später durch ihre Anzahl.
# Schreibe den Kernel, der ein Bild zur Summe zählt: Jedes `total[i]` wächst um `frame[i]`.
#
# * Jedes Pixel wird **genau einmal** addiert, bei jedem Start: ein Block, wenige Blöcke, viel zu viele Blöcke.
# * In jedem Durchgang nehmen benachbarte Threads benachbarte Pixel.
# * `frame` und `total` sind gleich lang, und `frame` bleibt, wie es ist.


# %% nbgrader={"grade_id": "add_frame", "solution": true}
@cuda.jit
def add_frame(frame, total):
    # Dein Code: Wo fängt dieser Thread an, wo ist das Ende, und wie weit ist es bis zu seinem nächsten Pixel?
    pass


# %% [markdown]
# Prüfe deinen Kernel, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Größen und Starts.

# %% nbgrader={"grade_id": "add_frame-test", "grade": true, "locked": true, "points": 8}
import checks

checks.add_frame(add_frame)
### BEGIN HIDDEN TESTS
import exam

exam.add_frame(add_frame)
### END HIDDEN TESTS

# %%
checks.add_frame_hint()

# %% [markdown]
# ## Drei Schleifen, die fast stimmen
#
# Was passiert, wenn der Anfang oder der Schritt falsch ist? Dafür brauchst du keine GPU. Die Funktion unten spielt
# einen Start durch und zählt, wie oft jedes Pixel an die Reihe kommt. Richtig ist überall eine 1.
#
# **Was erwartest du?** Es sind 2 Blöcke mit je 4 Threads und 20 Pixel. Sag für jede der drei Schleifen: Gibt es Pixel,
# die niemand nimmt, und gibt es welche, die mehrmals drankommen? Schreib es auf und führe dann die Zelle aus.


# %%
def taken(start, step, n=20, blocks=2, threads=4):
    times = np.zeros(n, int)
    for block in range(blocks):
        for thread in range(threads):
            times[start(block, thread) : n : step] += 1
    return times


print("Schritt = Block:  ", *taken(lambda block, thread: 4 * block + thread, step=4))
print("Anfang = Thread:  ", *taken(lambda block, thread: thread, step=8))
print("Schritt = Blöcke: ", *taken(lambda block, thread: 4 * block + thread, step=2))

# %% [markdown]
# * **`cuda.blockDim.x` als Schritt**: Ab dem zweiten Block wird alles doppelt gemacht. Mit mehr Blöcken wird es
#   schlimmer.
# * **`cuda.threadIdx.x` als Anfang**: Jeder Block fängt vorn an. Manche Pixel nehmen beide Blöcke, andere keiner.
# * **`cuda.gridDim.x` als Schritt**: Die Zahl der Blöcke ist nicht die Zahl der Threads.
#
# Das Tückische: Mit **einem** Block sind die ersten beiden richtig. Und wo jedes Pixel nur gesetzt wird, wie in
# `calibrate`, kostet das Doppelte Zeit, aber niemand sieht es. Mit `+=` ist es ein Fehler und außerdem ein Wettlauf:
# Zwei Threads benutzen dieselbe Stelle, und mindestens einer schreibt. Was dabei herauskommt, ist Zufall.

# %% [markdown]
# ## Aufgabe 2: Finde die Fehler
#
# Ein Film liegt als eine lange Reihe im Speicher, Bild hinter Bild. Der Hintergrund ist ein einzelnes Bild. Er soll von
# jedem Bild des Films abgezogen werden, direkt im Film. Zu Pixel `i` des Films gehört also das Pixel
# `i % background.size` des Hintergrunds.
#
# Der Kernel wurde nur mit einem Film aus einem Bild und einem Grid aus einem Block ausprobiert. An drei Stellen stimmt
# er auch nur dafür. Repariere sie, damit er für jede Zahl von Bildern und für jeden Start stimmt.


# %% nbgrader={"grade_id": "remove_background", "solution": true}
@cuda.jit
def remove_background(film, background):
    for i in range(cuda.threadIdx.x, background.size, cuda.gridsize(1)):
        film[i] -= background[i]


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
# ## Was ein Thread sich merkt
#
# In so einer Schleife sieht ein Thread viele Pixel. Er kann sich etwas über sie merken, in einer eigenen Variablen, an
# die kein anderer Thread kommt, und es am Ende **einmal** aufschreiben. Hier sucht jeder Thread das heißeste seiner
# Pixel.
#
# **Was erwartest du?** Der Start hat 2 Blöcke mit je 16 Threads. Wie viele Zahlen bleiben von den 1000 Temperaturen
# übrig, und welche ist die größte davon?


# %%
@cuda.jit
def hottest_of_mine(celsius, hottest):
    most = np.float32(-273)
    for i in range(cuda.grid(1), celsius.size, cuda.gridsize(1)):
        most = max(most, celsius[i])
    hottest[cuda.grid(1)] = most


hottest = cuda.device_array(2 * 16, np.float32)
hottest_of_mine[2, 16](celsius, hottest)
found = hottest.copy_to_host()
print(f"{found.size} Zahlen, die größte ist {found.max():.2f}, und von allen Pixeln {celsius.copy_to_host().max():.2f}")

# %% [markdown]
# Aus tausend Temperaturen wurden 32, eine je Thread, und die größte von allen ist dabei. Niemand musste auf jemanden
# warten. Um die wenigen Zahlen, die übrig sind, kümmert man sich in einem zweiten Schritt.

# %% [markdown]
# ## Aufgabe 3: sum_shares
#
# Wie viel Wärme steckt in einem Bild? Dafür zählt man seine Rohwerte zusammen. Schreibe einen Kernel, in dem jeder
# Thread seinen **Anteil** summiert. Hat das Grid `T` Threads, dann addiert Thread `t` die Werte `raw[t]`, `raw[t + T]`,
# `raw[t + 2 * T]` und so weiter. Die Summe schreibt er nach `sums[t]`.
#
# * `sums` hat genau ein Element für jeden Thread des Grids. Was vorher darin steht, ist nicht festgelegt.
# * Ein Thread ohne Pixel schreibt 0.
# * `raw` enthält ganze Zahlen und bleibt, wie es ist.


# %% nbgrader={"grade_id": "sum_shares", "solution": true}
@cuda.jit
def sum_shares(raw, sums):
    # Dein Code: eine eigene Variable, eine Schleife und am Ende einmal schreiben.
    pass


# %% nbgrader={"grade_id": "sum_shares-test", "grade": true, "locked": true, "points": 5}
import checks

checks.sum_shares(sum_shares)
### BEGIN HIDDEN TESTS
import exam

exam.sum_shares(sum_shares)
### END HIDDEN TESTS

# %%
checks.sum_shares_hint()

# %% [markdown]
# Die Anteile sind bei jedem Start andere, ihre Summe nicht. Solange dein Kernel leer ist, ist sie 0.

# %%
print("alle Pixel:", raw.sum())
for blocks, threads in ((1, 32), (3, 64), (20, 64)):
    sums = cuda.to_device(np.zeros(blocks * threads, np.int64))
    sum_shares[blocks, threads](pixels, sums)
    print(f"{blocks * threads:4} Anteile: {sums.copy_to_host().sum()}")

# %% [markdown]
# ## Wie groß soll das Grid also sein?
#
# Jetzt, wo jeder Start stimmt, darfst du einen wählen, der schnell ist. Eine GPU hat mehrere **Multiprozessoren**, und
# jeder hat nur für so und so viele Threads Platz. Mit weniger Threads ist ein Teil der GPU ohne Arbeit. Mit mehr
# Threads warten die übrigen, bis andere fertig sind.
#
# Das Grid richtet sich also nach der GPU und nicht mehr nach den Daten. Gib aus, wie viele Blöcke mit 256 Threads diese
# GPU füllen. Wie viele bräuchte ein Thread für jedes Pixel eines Films?

# %%
gpu = cuda.get_current_device()
room = gpu.MULTIPROCESSOR_COUNT * gpu.MAX_THREADS_PER_MULTIPROCESSOR
print(f"{gpu.MULTIPROCESSOR_COUNT} Multiprozessoren haben Platz für {room} Threads: {room // 256} Blöcke mit 256")
film = 60 * 480 * 640
print(f"Ein Film aus 60 Bildern hat {film} Pixel: {film // 256} Blöcke mit 256")

# %% [markdown]
# Die emulierte GPU ist klein; eine echte hat viel mehr Multiprozessoren. Ein Grid, das sie einmal oder wenige Male
# füllt, ist ein guter Anfang. Welches das schnellste ist, sagt nur eine Messung. Mit dieser Schleife kannst du sie
# ausprobieren, ohne den Kernel zu ändern.

# %% [markdown]
# ## In eigenen Worten
#
# Jemand nimmt `cuda.blockDim.x` als Schritt einer Schleife und sagt: „Mein Kernel setzt nur `out[i]`. Ich habe ihn mit
# einem Block und mit 50 getestet, und die Ergebnisse waren richtig.“ Was ist an der Schleife trotzdem falsch? Warum hat
# dieser Test es nicht gezeigt, und welcher würde es zeigen? Drei oder vier Sätze. Ein Mensch liest und bewertet diese
# Antwort.

# %% [markdown] nbgrader={"grade_id": "why-stride", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * `for i in range(cuda.grid(1), n, cuda.gridsize(1))`: beim Thread anfangen, um das ganze Grid weitergehen, am Ende
#   der Daten aufhören.
# * Der Wächter ist das Ende von `range`. Die Schleife stimmt für jeden Start, von einem Thread bis zu viel zu vielen.
# * In jedem Durchgang nehmen benachbarte Threads benachbarte Pixel.
# * Teste mit mehreren Blöcken, mit zu wenigen Threads und mit `+=`: Dann zeigt sich ein Pixel, das zweimal drankommt.
# * Ein Thread kann sich etwas in einer eigenen Variablen merken und es am Ende einmal schreiben.
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: Positionen von Threads, mit `grid` und `gridsize` (englisch)](https://nvidia.github.io/numba-cuda/user/kernels.html)
# * [Blog von NVIDIA über anpassungsfähige Kernel mit Grid-Stride-Schleifen (englisch)](https://developer.nvidia.com/blog/cuda-pro-tip-write-flexible-kernels-grid-stride-loops/)
# * [CUDA Programming Guide von NVIDIA: Threads, Blöcke und Grids (englisch)](https://docs.nvidia.com/cuda/cuda-programming-guide/)
