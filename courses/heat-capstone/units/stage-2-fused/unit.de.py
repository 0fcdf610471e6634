# %% [markdown]
# # Stufe 2: ein Start für jeden Schritt
#
# Deine Simulation läuft auf der GPU, und trotzdem wartet die Steuerung. Die Wärmebildkamera liefert 50 Bilder in der
# Sekunde, und zu jedem ist gefragt, wie warm die Spannbacke zwei Sekunden später ist. In dieser Stufe siehst du, wo die
# Zeit bleibt, und machst aus einem ganzen Schritt einen einzigen Kernel.
#
# Du brauchst etwa 90 Minuten. Mit 70 % der Punkte hast du bestanden; dein bester Versuch zählt. Die Punkte kommen aus den
# Prüfungen unten, mit anderen Platten.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Was ein Schritt kostet
#
# Das ist ein Schritt in Ausschnitten, wie in Stufe 1. Jede Operation auf einem Array ist ein eigener Start. Sie liest
# Arrays aus dem Speicher der GPU und schreibt eines.


# %%
def simulate_slices(temps, right, down, rate, steps):
    now, new = temps.copy(), cp.empty_like(temps)
    for _ in range(steps):
        along = rate * right * (now[:, 1:] - now[:, :-1])
        across = rate * down * (now[1:] - now[:-1])
        new[...] = now
        new[:, :-1] += along
        new[:, 1:] -= along
        new[:-1] += across
        new[1:] -= across
        now, new = new, now
    return now


rng = np.random.default_rng(2)
size = (24, 36, 10)
temps, right, down, rate, steps = checks.with_faces(rng, size)

# %% [markdown]
# **Was erwartest du?** Zähle die Operationen eines Schritts, jedes `+=` als eine. Wie viele Starts machen zehn Schritte?

# %%
for count in (1, 10):
    started = checks.operations(simulate_slices, temps, right, down, rate, count)
    print(f"{count:2} Schritte: {started} Operationen")

# %% [markdown]
# Elf Operationen stehen da je Schritt, gezählt werden 19. Ein `+=` auf einem Ausschnitt ist mehr als eine, weil Python
# das Ergebnis dem Ausschnitt noch einmal zuweist. Jeder Start kostet den Host einige Mikrosekunden, und eine kleine Platte
# ist früher fertig. Und jede Operation geht zum Speicher und zurück.
#
# ## Was ein Schritt kosten muss
#
# Bei einer großen Platte entscheidet der Speicher. Zähle also Bytes je Zelle. Was ist in einem Schritt **notwendig**? Die
# Temperatur lesen, 4 Bytes. Eine Fläche nach rechts und eine nach unten lesen, je 4 Bytes. Die neue Temperatur schreiben,
# 4 Bytes. Das macht 16; die Nachbarn haben andere Threads desselben Kernels gelesen, und meist liegen sie noch in einem
# Cache.
#
# **Was erwartest du?** Die Ausschnitte lesen und schreiben etwa so viel wie unten. Wie viel mehr als nötig ist
# das?

# %%
chain = {
    "Differenz längs": 3,
    "mal rate, mal right": 2 + 3,
    "Differenz quer": 3,
    "mal rate, mal down": 2 + 3,
    "copy": 2,
    "viermal +=": 4 * 3,
}
moved = 4 * sum(chain.values())
print(f"{moved} Bytes je Zelle, {moved / 16:.1f}-mal die nötigen 16")
for gigabytes in (300, 3000):
    print(
        f"bei {gigabytes} GB/s höchstens {gigabytes / 16:.1f} Milliarden Zellen je Sekunde, mit Ausschnitten {gigabytes / moved:.1f}"
    )

# %% [markdown]
# Das ist die **Schranke**: die Bandbreite des Speichers, geteilt durch die notwendigen Bytes. Kein Programm kommt darüber,
# und ein gutes kommt in ihre Nähe. In deinem Bericht vergleichst du dich mit dieser Zahl.

# %% [markdown]
# ## Zellen sammeln ein
#
# Mit Ausschnitten gab jede Fläche an zwei Zellen ab. Hätte jede Fläche einen eigenen Thread, würden zwei Threads zu
# derselben Zelle addieren: ein Wettlauf. Dreh es also um: Jede **Zelle** hat einen Thread, und der sammelt ein, was durch
# ihre Flächen kommt. Er berechnet jeden Fluss selbst, jeder Fluss wird also zweimal berechnet. Das kostet Rechnen, davon
# hat die GPU reichlich, und keinen Speicher.
#
# ![Links eine Fläche zwischen zwei Zellen, mit einem Pfeil zu jeder von ihnen. Rechts eine Zelle i mit vier Flächen und von jeder ein Pfeil in die Zelle. Die Flächen heißen right mit Index f minus 1, right mit Index f, down mit Index i minus width und down mit Index i. Daneben: i ist y mal width plus x, f ist y mal width minus 1 plus x.](figures/gather.svg)
#
# Achte auf die Zeilen: `right` hat eine Spalte weniger als die Platte, seine Zeilen sind also kürzer, und sein Index ist
# ein anderer.
#
# **Was erwartest du?** Eine Platte hat 3 Zeilen und 5 Spalten. Welchen Index in `right` hat die Fläche rechts von Zelle
# 2, 1? Welchen in `down` hat die Fläche über ihr?

# %%
height, width, y, x = 3, 5, 2, 1
print("right", y * (width - 1) + x, "down", (y - 1) * width + x)
numbers = np.arange(height * (width - 1)).reshape(height, width - 1)
print(numbers)

# %% [markdown]
# ## Aufgabe 1: `simulate_fused`
#
# Schreibe `simulate_fused(temps, right, down, rate, steps)`. Es tut, was `simulate` in Stufe 1 getan hat, mit einem
# Start je Schritt:
#
# * `temps` hat die Form `(h, w)`, `right` die Form `(h, w - 1)`, `down` die Form `(h - 1, w)`. Es sind zusammenhängende
#   CuPy-Arrays in `float32`. `rate` ist ein Python-`float`, `steps` ein Python-`int` ab 0.
# * Das Ergebnis ist ein neues CuPy-Array in `float32`.
# * Höchstens `steps + 4` Operationen werden gestartet. Nichts wird zwischen Host und Device kopiert, und die Eingaben
#   bleiben, wie sie sind.
# * Der Kernel bleibt in seinen Arrays, und kein Thread liest, was ein anderer im selben Start schreibt.
#
# Schreib einen `RawKernel` oder einen `ElementwiseKernel` mit `raw`-Argumenten.


# %% nbgrader={"grade_id": "simulate_fused", "solution": true}
def simulate_fused(temps, right, down, rate, steps):
    # Dein Code, und über der Funktion dein Kernel.
    raise NotImplementedError


# %% nbgrader={"grade_id": "simulate_fused-test", "grade": true, "locked": true, "points": 13}
import checks

checks.simulate_fused(simulate_fused)
### BEGIN HIDDEN TESTS
import exam

exam.simulate_fused(simulate_fused)
### END HIDDEN TESTS

# %%
# Kommst du nicht weiter? Jeder Lauf dieser Zelle zeigt einen Tipp mehr.
checks.simulate_fused_hint()

# %% [markdown]
# Wo eine GPU ist, wird deine Funktion auch neben einer Musterlösung gestoppt. Auf einer emulierten geschieht das nicht:
# Ihre Zeit sagt nichts.

# %% [markdown]
# ## Die Karte ist kleiner als die Flächen
#
# Acht der 16 Bytes sind Flächen. Sie folgen aber aus den Materialien zweier Zellen, und Materialien gibt es nur wenige.
# Eine Karte mit einem Byte je Zelle genügt, und daneben eine kleine Tabelle: Nummer des Materials, Leitfähigkeit.
#
# **Was erwartest du?** Wie viele Bytes je Zelle sind jetzt notwendig, und wie weit steigt die Schranke?

# %%
table = np.array([0, 1, 1.5, 4], np.float32)  # Loch, Stahl, Bronze, Aluminium
material = np.array([[1, 1, 3], [1, 0, 3]], np.uint8)
print(table[material])
print(f"{4 + 1 + 4} statt 16 Bytes: Die Schranke steigt auf das {16 / 9:.2f}-Fache")

# %% [markdown]
# Der Preis ist Rechnen: vier harmonische Mittel je Zelle und Schritt, jedes mit einer Division. Ob sich das lohnt, sagt
# eine Messung. Solange der Speicher der Engpass ist, ist Rechnen daneben umsonst.

# %% [markdown]
# ## Aufgabe 2: Finde die Fehler in `simulate_mapped`
#
# Diese Funktion soll mit der Karte rechnen. Sie macht drei Fehler: einen beim Start, zwei im Kernel. Bring sie in
# Ordnung:
#
# * `temps` ist wie in Aufgabe 1. `material` hat dieselbe Form und den dtype `uint8`, `table` hat eine Achse und den dtype
#   `float32`. Alle sind zusammenhängend. Leitfähigkeiten sind 0 oder mehr, und 0 ist ein Loch.
# * Eine Fläche leitet das harmonische Mittel ihrer zwei Zellen, und 0, wo eine von ihnen oder beide nicht leiten. Der
#   äußere Rand ist isoliert.
# * Das Ergebnis ist ein neues CuPy-Array in `float32`. Höchstens `steps + 4` Operationen werden gestartet, nichts wird
#   zwischen Host und Device kopiert, und die Eingaben bleiben, wie sie sind.


# %% nbgrader={"grade_id": "simulate_mapped", "solution": true}
# Bring das in Ordnung; du darfst jede Zeile ändern.
mapped_kernel = cp.RawKernel(
    r"""
__device__ float face(float a, float b) {
  return 2.0f * a * b / (a + b);
}

extern "C" __global__ void mapped(const float* now, const unsigned char* material, const float* table, float rate,
                                  float* out, int height, int width) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  int i = y * width + x;
  float heat = now[i], own = table[material[i]], change = 0.0f;
  if (i > 0) change += face(own, table[material[i - 1]]) * (now[i - 1] - heat);
  if (i + 1 < height * width) change += face(own, table[material[i + 1]]) * (now[i + 1] - heat);
  if (y > 0) change += face(own, table[material[i - width]]) * (now[i - width] - heat);
  if (y + 1 < height) change += face(own, table[material[i + width]]) * (now[i + width] - heat);
  out[i] = heat + rate * change;
}
""",
    "mapped",
)


def simulate_mapped(temps, material, table, rate, steps):
    height, width = temps.shape
    now, new = temps.copy(), cp.empty_like(temps)
    grid = (width // 32, height // 8)
    numbers = np.int32(height), np.int32(width)
    for _ in range(steps):
        mapped_kernel(grid, (32, 8), (now, material, table, np.float32(rate), new, *numbers))
        now, new = new, now
    return now


# %% nbgrader={"grade_id": "simulate_mapped-test", "grade": true, "locked": true, "points": 10}
import checks

checks.simulate_mapped(simulate_mapped)
### BEGIN HIDDEN TESTS
import exam

exam.simulate_mapped(simulate_mapped)
### END HIDDEN TESTS

# %%
checks.simulate_mapped_hint()

# %% [markdown]
# ## Notiz für deinen Bericht
#
# Mach eine Tabelle deiner drei Fassungen: Ausschnitte, Flächen in einem Kernel, Karte in einem Kernel. Schreib zu jeder
# auf, wie viele Starts `checks.operations` für 100 Schritte zählt und wie viele Bytes je Zelle und Schritt notwendig sind.
# Nenne die Bandbreite einer GPU, die du kennst oder nachgeschlagen hast, und berechne daraus für beide Kernel die Schranke
# in Zellen je Sekunde. Ein Mensch liest und bewertet das.

# %% [markdown] nbgrader={"grade_id": "note-2", "grade": true, "solution": true, "points": 2}
# *Deine Notiz hier.*

# %% [markdown]
# ## Zum Mitnehmen
#
# * Zähle Bytes je Zelle, bevor du einen Kernel schreibst. Bandbreite geteilt durch notwendige Bytes ist die Schranke.
# * Ein Start je Schritt spart Zwischenarrays und das Warten auf Starts.
# * Lass Zellen einsammeln, statt Flächen abgeben zu lassen: Dann schreibt jedes Element nur einer.
# * Kleine Daten, aus denen größere werden, dürfen im Speicher klein bleiben.
#
# ## Zum Weiterlesen
#
# * [CuPy: eigene Kernel (englisch)](https://docs.cupy.dev/en/stable/user_guide/kernel.html)
# * [NVIDIA: Speicher im Leitfaden für gute Praxis
#   (englisch)](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#memory-optimizations)
