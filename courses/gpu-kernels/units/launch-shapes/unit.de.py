# %% [markdown]
# # Grid und Block wählen
#
# Eine Wärmebildkamera beobachtet ein Werkstück, während es gefräst wird. Sechzigmal in der Sekunde liefert sie ein Bild,
# und jedes Pixel darin soll einen eigenen GPU-Thread bekommen. Wer legt fest, wie viele Threads es gibt? Du, bei jedem
# Start.
#
# Danach kannst du
#
# * für jedes `n` berechnen, wie viele Blöcke `n` Pixel abdecken;
# * Grid und Block so wählen, dass die GPU sie annimmt und ihre Warps voll sind;
# * an einem falschen Bild oder einer Meldung erkennen, was an einem Start nicht stimmt.
#
# Du brauchst etwa 50 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import numpy as np
from numba import cuda

# %% [markdown]
# ## Ein Pixel zu wenig ist eins zu wenig
#
# Die Kamera misst in Rohwerten. Eine Kalibrierung macht daraus Grad Celsius, hier mit dem Faktor 0,04. In dieser Einheit
# ist ein Bild einfach eine lange Reihe von Pixeln; Zeilen und Spalten kommen später dazu.


# %%
@cuda.jit
def calibrate(raw, celsius):
    i = cuda.grid(1)
    if i < celsius.shape[0]:
        celsius[i] = raw[i] * np.float32(0.04)


raw = np.random.default_rng(7).integers(500, 2000, 1000).astype(np.float32)

# %% [markdown]
# Ein Start sieht so aus: `calibrate[blocks, threads](...)`. Zuerst steht die Zahl der Blöcke im **Grid**, dann die Zahl
# der Threads in jedem **Block**. Zusammen sind das `blocks * threads` Threads.
#
# Wir haben 1000 Pixel und nehmen 256 Threads je Block. Das `//` von Python rundet ab, also ist `1000 // 256` gleich 3.
#
# **Was erwartest du?** Das Ergebnis ist vorher mit -1 gefüllt. Wie viele Pixel sind hinterher noch -1? Schreib deine
# Zahl auf und führe dann die Zelle aus.

# %%
threads = 256
blocks = 1000 // threads
celsius = cuda.to_device(np.full(1000, -1, np.float32))
calibrate[blocks, threads](cuda.to_device(raw), celsius)
missing = (celsius.copy_to_host() == -1).sum()
print(f"{blocks} Blöcke, {missing} Pixel ohne Temperatur")

# %% [markdown]
# Drei Blöcke haben 768 Threads, für 232 Pixel war also keiner da. Eine Fehlermeldung gab es nicht: Ein Thread, den es
# nicht gibt, kann sich nicht beschweren. Solche Fehler sieht man oft nur am Rand des Bildes und nur bei manchen Größen.
#
# ## Aufrunden
#
# Die Zahl der Blöcke muss **auf**gerundet werden. Das Bild zeigt 10 Pixel und Blöcke mit 4 Threads. Die blauen Rahmen
# sind die Blöcke.
#
# ![Zwei Reihen mit je zehn nummerierten Pixeln. Oben, 10 // 4 = 2: Zwei umrahmte Blöcke decken die Pixel 0 bis 7 ab, die Pixel 8 und 9 sind gestrichelt und ohne Thread. Unten ist 10 / 4 aufgerundet 3: Drei umrahmte Blöcke decken alle zehn Pixel ab, und zwei schraffierte Plätze des letzten Blocks haben kein Pixel.](figures/covering.svg)
#
# Oben haben zwei Pixel keinen Thread. Unten haben zwei Threads kein Pixel; der **Wächter** `if i < celsius.shape[0]`
# schickt sie nach Hause. Beides gehört zusammen: Durch das Aufrunden hat jedes Pixel einen Thread, und durch den Wächter
# hat jeder Thread, der arbeitet, ein Pixel.
#
# Wie viele Threads sind zu viel? Vergleiche ein paar Längen, bevor du weitergehst. Wann bleibt nichts übrig?

# %%
print("Pixel   abgerundet    aufgerundet  Threads ohne Pixel")
for n in (1, 255, 256, 257, 1000, 1024):
    down, up = n // 256, int(np.ceil(n / 256))
    print(f"{n:6} {down:13} {up:11} {up * 256 - n:24}")

# %% [markdown]
# Bei 256 Threads je Block sind es höchstens 255 zu viel, ganz gleich, wie groß das Bild ist. Bei einem Kamerabild mit
# 640 × 480 Pixeln fällt das nicht ins Gewicht.

# %% [markdown]
# ## Aufgabe 1: blocks_for
#
# Schreibe eine Funktion, die die **kleinste** Zahl von Blöcken liefert, die zusammen mindestens `n` Threads haben. Jeder
# Block hat `threads` Threads. Beides sind ganze Zahlen ab 1, und das Ergebnis ist auch eine.
#
# Ein Bruch ist keine Anzahl von Blöcken, und eine Zahl, die nur ausgegeben wird, ist nicht zurückgegeben. Die Prüfung
# unten nimmt 96 Threads für gerade `n` und 256 für ungerade.


# %% nbgrader={"grade_id": "blocks_for", "solution": true}
def blocks_for(n, threads):
    # Dein Code: Wie viele Blöcke werden voll, und braucht ein Rest noch einen?
    raise NotImplementedError


# %% [markdown]
# Prüfe deine Funktion, so oft du magst. Die Punkte kommen aus derselben Prüfung mit anderen Zahlen.

# %% nbgrader={"grade_id": "blocks_for-test", "grade": true, "locked": true, "points": 3}
import checks

checks.blocks_for(blocks_for)
### BEGIN HIDDEN TESTS
import exam

exam.blocks_for(blocks_for)
### END HIDDEN TESTS

# %%
checks.blocks_for_hint()

# %% [markdown]
# ## Was eine GPU erlaubt
#
# Warum nicht ein einziger Block mit einem Thread für jedes Pixel? Weil ein Block auf einem einzigen Teil des Chips
# läuft, einem *Multiprozessor*, und der hat nur für begrenzt viele Threads Platz. Was erlaubt ist, sagt die GPU selbst:

# %%
gpu = cuda.get_current_device()
print("Threads je Block:       ", gpu.MAX_THREADS_PER_BLOCK)
print("entlang x, y, z:        ", gpu.MAX_BLOCK_DIM_X, gpu.MAX_BLOCK_DIM_Y, gpu.MAX_BLOCK_DIM_Z)
print("Blöcke entlang x:       ", gpu.MAX_GRID_DIM_X)
print("Blöcke entlang y und z: ", gpu.MAX_GRID_DIM_Y, gpu.MAX_GRID_DIM_Z)
print("Threads je Warp:        ", gpu.WARP_SIZE)

# %% [markdown]
# | Grenze | Wert | Was das für einen Start heißt |
# | --- | --- | --- |
# | Threads je Block | 1024 | alle Achsen multipliziert: Ein Block `(32, 32)` ist voll |
# | Blöcke entlang x | 2.147.483.647 | genug für jedes Array in einer Achse |
# | Blöcke entlang y und z | 65.535 | eine lange Achse der Daten gehört nach x |
# | Kleinste Größe | 1 | ein Grid aus 0 Blöcken gibt es nicht, auch nicht für 0 Pixel |
#
# Einen Start jenseits dieser Grenzen lehnt die GPU ab: Der Kernel läuft gar nicht, und du bekommst einen Fehler. Das ist
# die freundliche Sorte. Probiere es in einer eigenen Zelle (Taste **B** fügt eine ein): Was sagt `calibrate[1, 2000]`?
#
# ## Ganze Warps
#
# Ein Block wird nicht Thread für Thread ausgeführt. Die GPU teilt ihn in **Warps** von 32 Threads, und die Threads eines
# Warps gehen jeden Schritt gemeinsam. Aus einem Block von 48 Threads werden zwei Warps, und im zweiten ist die Hälfte
# der Plätze leer:
#
# ![Zwei Blöcke. Ein Block mit 32 Threads füllt einen Warp mit 32 Plätzen. Ein Block mit 48 Threads braucht zwei Warps: Der erste hat 32 Threads, der zweite 16 Threads und 16 schraffierte, leere Plätze.](figures/warps.svg)
#
# **Was erwartest du?** Welche der Blockgrößen unten nutzt alle Plätze ihrer Warps, und welche verschwendet die meisten?
# Schreib es auf und führe dann die Zelle aus.

# %%
for block in (1, 32, 33, 48, 100, 128, 256):
    warps = (block + 31) // 32
    print(f"Block mit {block:3}, Warps: {warps}, {block / (32 * warps):4.0%} der Plätze genutzt")

# %% [markdown]
# Ein Block hat also ein Vielfaches von 32 Threads. Üblich sind 128 und 256: groß genug, damit ein Multiprozessor viel zu
# tun hat, und klein genug, damit mehrere Blöcke nebeneinander hineinpassen.

# %% [markdown]
# ## Aufgabe 2: launch_for
#
# Schreibe eine Funktion, die aus einem Wunsch einen gültigen Start macht. Sie bekommt die Zahl der Elemente `n` (ab 0)
# und die gewünschte Zahl von Threads je Block, `wanted` (ab 1). Sie gibt zwei ganze Zahlen zurück, `grid, block`:
#
# * `block` ist `wanted`, aufgerundet auf ganze Warps, aber höchstens 1024;
# * `grid` ist die kleinste Zahl solcher Blöcke, die `n` Elemente abdeckt, aber mindestens 1.
#
# Zwei Beispiele: `launch_for(1000, 200)` ergibt `(5, 224)`, und `launch_for(31, 2000)` ergibt `(1, 1024)`.


# %% nbgrader={"grade_id": "launch_for", "solution": true}
def launch_for(n, wanted):
    # Dein Code: zuerst der Block. Was folgt daraus für das Grid?
    raise NotImplementedError


# %% nbgrader={"grade_id": "launch_for-test", "grade": true, "locked": true, "points": 4}
import checks

checks.launch_for(launch_for)
### BEGIN HIDDEN TESTS
import exam

exam.launch_for(launch_for)
### END HIDDEN TESTS

# %%
checks.launch_for_hint()

# %% [markdown]
# ## Einen Start lesen
#
# Numba nimmt, was in den Klammern steht, wie es dasteht. Auch vertauscht, `calibrate[threads, blocks]`, ist ein gültiger
# Start: 4 Blöcke mit 256 Threads oder 256 Blöcke mit 4 Threads, in beiden Fällen sind es 1024 Threads.
#
# **Was erwartest du?** Stimmt das Ergebnis des vertauschten Starts? Und was geschieht bei 300.000 Pixeln? Überlege es
# dir, bevor du die Zelle ausführst.

# %%
celsius = cuda.to_device(np.full(1000, -1, np.float32))
calibrate[256, 4](cuda.to_device(raw), celsius)
print("Das Ergebnis stimmt:", np.allclose(celsius.copy_to_host(), raw * np.float32(0.04)))
print("Threads je Block bei 300.000 Pixeln, wenn vertauscht:", int(np.ceil(300_000 / 256)))

# %% [markdown]
# Das Ergebnis stimmt nur zufällig, und in jedem Warp sind 28 Plätze leer. Ein größeres Bild hätte 1172 Threads je Block
# gebraucht, und das wird abgelehnt. Stell dir beim Lesen eines Starts drei Fragen:
#
# 1. Steht das Grid an erster und der Block an zweiter Stelle?
# 2. Hält der Block die Grenzen ein, und besteht er aus ganzen Warps?
# 3. Ist die Zahl der Blöcke aufgerundet?

# %% [markdown]
# ## Aufgabe 3: Finde die Fehler
#
# Auch im Dunkeln misst eine Kamera ein wenig. Dieses *Dunkelbild* zieht man von jedem Rohbild ab. Wer die Funktion unten
# geschrieben hat, hat sie nur mit einem einzigen Bild ausprobiert, und es stecken drei Fehler darin.
#
# Repariere `subtract_dark`, damit es für Bilder jeder Größe ab 1 Pixel stimmt. `raw` und `dark` sind gleich lange Arrays
# auf der GPU, das Ergebnis ist ein neues. Bleib bei **einem** Start und lass die Daten auf der GPU.


# %% nbgrader={"grade_id": "subtract_dark", "solution": true}
@cuda.jit
def subtract_kernel(raw, dark, out):
    i = cuda.grid(1)
    if i < out.shape[0]:
        out[i] = raw[i] - dark[i]


def subtract_dark(raw, dark):
    out = cuda.device_array_like(raw)
    threads = 2048
    blocks = raw.shape[0] // threads
    subtract_kernel[threads, blocks](raw, dark, out)
    return out


# %% nbgrader={"grade_id": "subtract_dark-test", "grade": true, "locked": true, "points": 5}
import checks

checks.subtract_dark(subtract_dark)
### BEGIN HIDDEN TESTS
import exam

exam.subtract_dark(subtract_dark)
### END HIDDEN TESTS

# %%
checks.subtract_dark_hint()

# %% [markdown]
# ## In eigenen Worten
#
# Jemand startet jeden Kernel mit `kernel[n, 1]`: `n` Blöcke mit je einem Thread. Die Ergebnisse stimmen, und zu runden
# gibt es nichts. Was wird dabei verschwendet, und warum verschwendet ein Block mit 100 Threads weniger, aber immer noch
# etwas? Zwei oder drei Sätze. Ein Mensch liest und bewertet diese Antwort.

# %% [markdown] nbgrader={"grade_id": "why-warps", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * `kernel[blocks, threads]`: zuerst das Grid, dann der Block.
# * Runde die Zahl der Blöcke auf, `(n + threads - 1) // threads`, und halte Überzählige mit einem Wächter fern.
# * Ein Block hat 1 bis 1024 Threads, am besten ein Vielfaches von 32; kein Grid ist leer.
# * Zu wenige Threads scheitern still, zu viele in einem Block mit einem Fehler. Teste Größen, die nicht glatt aufgehen.
#
# ## Zum Weiterlesen
#
# * [Numba CUDA: Kernel schreiben, mit einem Teil über die Blockgröße (englisch)](https://nvidia.github.io/numba-cuda/user/kernels.html)
# * [CUDA Programming Guide von NVIDIA: Threads, Blöcke und alle Grenzen (englisch)](https://docs.nvidia.com/cuda/cuda-programming-guide/)
