# %% [markdown]
# # Ehrlich messen
#
# Die Linie liefert 200 Wärmebilder in der Sekunde. Für jedes hat die Auswertung also 5 Millisekunden. Ein Kollege hat
# einen neuen Filter gebaut und sagt: „Vierzigmal so schnell!“ Stimmt das?
#
# Nichts in diesem Kurs wird so oft falsch gemessen wie Zeit. Die Uhr des Hosts bleibt zu früh stehen, der erste Lauf
# ist etwas Besonderes, und ein einziger schlechter Wert verdirbt einen Mittelwert. In dieser Einheit lernst du so zu
# messen, dass andere sich darauf verlassen können.
#
# Du brauchst etwa 55 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import checks
import cupy as cp
import numpy as np

# %% [markdown]
# ## Die Uhr, die zu früh stehen bleibt
#
# Wenn Python eine Operation von CuPy aufruft, setzt es nur einen Auftrag auf eine Liste, den **Stream**. Das Device
# arbeitet die Liste ab. Der Aufruf ist lange zurück, bevor die Arbeit getan ist: Ein Start ist **asynchron**.
#
# ![Zwei Zeitlinien. Der Host erteilt rasch nacheinander die Aufträge A, B und C; eine Stoppuhr darüber beginnt vor A
# und endet gleich hinter C. Auf dem Device darunter folgen A, B und C aufeinander und enden viel später. Eine zweite
# Klammer unter dem Device umfasst alle drei.](figures/stopwatch.svg)
#
# **Was erwartest du?** Der Host braucht 0,01 ms für einen Auftrag, das Device 2 ms für die Ausführung. Du startest die
# Uhr des Hosts, erteilst 100 Aufträge und hältst die Uhr an. Was zeigt sie, und was wäre richtig? Schreib beides auf
# und führe dann die Zelle aus.

# %%
orders, to_order, to_work = 100, 0.01, 2.0  # Millisekunden
print(f"die Uhr des Hosts zeigt {orders * to_order:.0f} ms")
print(f"das Device braucht {to_order + orders * to_work:.2f} ms")

# %% [markdown]
# Die Uhr an der Wand geht nicht falsch. Sie hat gemessen, wie lange das **Beauftragen** dauert. Hättest du vor dem
# Anhalten auf das Device gewartet, stimmte sie bis auf den Weg hin und zurück.
#
# ## Events
#
# Besser nimmt das Device die Zeit selbst. Ein **Event** ist eine Marke im Stream. Kommt das Device dort an, merkt es
# sich die Zeit. `cp.cuda.get_elapsed_time(start, end)` gibt die Millisekunden zwischen zwei Marken.
#
# Du darfst nicht fragen, bevor das Device an der zweiten Marke vorbei ist. `end.synchronize()` wartet darauf.


# %%
def work(image, steps):
    for _ in range(steps):
        image = cp.sqrt(image)
    return image


def elapsed(function, *arguments):
    start, end = cp.cuda.Event(), cp.cuda.Event()
    start.record()
    function(*arguments)
    end.record()
    end.synchronize()
    return cp.cuda.get_elapsed_time(start, end)


image = cp.full((128, 128), 50, cp.float32)
print(f"10 Schritte: {elapsed(work, image, 10):.4f} ms")

# %% [markdown]
# Wo es keine GPU gibt, kommen diese Millisekunden von einer **modellierten Zeitachse**. Dort braucht jede Operation
# 0,002 ms, um anzufangen, und dann so lange, wie ihre Bytes durch einen Speicher mit 40 GB/s brauchen. So ist keine
# GPU, aber die Regeln sind dieselben: Aufträge der Reihe nach, ein Anfang, der etwas kostet, ein Speicher, der die
# Grenze setzt.
#
# **Was erwartest du?** Wie verhalten sich die Zeiten für 10, 20 und 40 Schritte zueinander? Und wie viel länger dauert
# ein Schritt bei 16-mal so vielen Pixeln: 16-mal so lange, länger oder kürzer?

# %%
for steps in (10, 20, 40):
    print(f"{steps} Schritte mit 128 x 128 Pixeln: {elapsed(work, image, steps):.4f} ms")
for side in (32, 128, 512):
    pixels = cp.full((side, side), 50, cp.float32)
    print(f"1 Schritt mit {side:3} x {side:3} Pixeln: {elapsed(work, pixels, 1):.4f} ms")

# %% [markdown]
# Doppelte Arbeit dauert doppelt so lange: Das ist die einfachste Probe für jede Messung. Besteht deine sie nicht, misst
# sie etwas anderes.
#
# Bei den Pixeln ist es anders. Von 32 × 32 zu 128 × 128 wächst die Zeit nicht einmal auf das Dreifache, denn beim
# kleinen Bild ist fast alles davon der Anfang. Von 128 × 128 zu 512 × 512 wächst sie auf das Zehnfache. Bei kleinen
# Arrays misst du also Starts und nicht deinen Kernel. Miss bei der Größe, die du brauchst.

# %% [markdown]
# ## Übung 1: measure
#
# Schreib `measure(image, steps, repeats)`. Es misst `work(image, steps)` von oben mit Events, mehrmals:
#
# * `image` liegt auf dem Device. Das Ergebnis ist eine Liste mit `repeats` Zahlen, den Millisekunden jedes einzelnen
#   Aufrufs.
# * Davor läuft `work` mindestens einmal, ohne gemessen zu werden: das **Aufwärmen**.
# * Niemand fragt nach einer Zeit, bevor das Device fertig ist.


# %% nbgrader={"grade_id": "measure", "solution": true}
def measure(image, steps, repeats):
    # Dein Code: aufwärmen, dann zwei Events um jeden Aufruf.
    raise NotImplementedError


# %% [markdown]
# Prüfe deine Funktion, so oft du willst. Die Punkte kommen von derselben Prüfung mit anderen Zahlen.

# %% nbgrader={"grade_id": "measure-test", "grade": true, "locked": true, "points": 6}
import checks

checks.measure(measure)
### BEGIN HIDDEN TESTS
import exam

exam.measure(measure)
### END HIDDEN TESTS

# %%
# Kommst du nicht weiter? Jeder Lauf dieser Zelle zeigt einen Hinweis mehr.
checks.measure_hint()

# %% [markdown]
# ## Eine Reihe, keine Zahl
#
# Warum aufwärmen, und warum mehrmals? Auf einer echten GPU sieht eine Messreihe ungefähr so aus wie diese hier. Die
# Zahlen sind ausgedacht, aber jede Merkwürdigkeit darin ist bekannt:

# %%
series = [412.0, 2.07, 2.04, 2.05, 2.03, 2.06, 9.87, 2.04, 2.05, 2.03, 2.04, 5.12]

# %% [markdown]
# * Der **erste Aufruf** dauert 412 ms. Da wird der Kernel übersetzt, Speicher vom Treiber geholt, die GPU aufgeweckt.
#   Wer 200 Bilder in der Sekunde verarbeitet, zahlt das einmal, und so gehört es nicht in die Zeit für ein Bild.
# * Zwei Werte darin sind **Ausreißer**: Ein anderes Programm wollte die GPU, oder ihr Takt hat sich geändert.
# * Alle anderen unterscheiden sich um Hundertstel. Das ist das **Rauschen**.
#
# ![Zwölf Balken. Der erste ist abgeschnitten, denn er wäre viel zu hoch. Neun Balken sind etwa gleich hoch, der siebte
# und der zwölfte ragen heraus. Eine gestrichelte Linie für das Mittel verläuft deutlich über den neun Balken, eine
# durchgezogene für den Median auf ihrer Höhe.](figures/series.svg)
#
# **Was erwartest du?** Ohne den ersten Wert: Liegt das Mittel oder der Median näher an dem, was ein Aufruf gewöhnlich
# dauert? Um wie viel Prozent liegt der andere daneben?

# %%
warm = np.array(series[1:])
print(f"Mittel {warm.mean():.2f} ms, Median {np.median(warm):.2f} ms, kleinster Wert {warm.min():.2f} ms")

# %% [markdown]
# Der **Median** ist der Wert in der Mitte der sortierten Reihe. Zwei Ausreißer unter elf Werten heben das Mittel um 48
# Prozent und lassen den Median, wie er ist. Der kleinste Wert ist auch nicht ehrlich: Den bekommt niemand jedes Mal.
#
# Eine Zahl ohne ihre Streuung ist nur eine halbe Aussage. Die übliche Streuung hilft nicht, denn Ausreißer blähen sie
# auf. Robust ist der **Median der Abstände zum Median**. Unterscheiden sich zwei Mediane um weniger, hast du keinen
# Unterschied.

# %% [markdown]
# ## Übung 2: robust
#
# Schreib `robust(samples, warm_up)`:
#
# * `samples` ist ein NumPy-Array mit Millisekunden, in der Reihenfolge der Messung. Die ersten `warm_up` davon zählen
#   nicht; mindestens einer bleibt übrig.
# * Das Ergebnis sind zwei Zahlen: der Median vom Rest und der Median der Abstände des Rests zu diesem Median.
# * `samples` bleibt, wie es ist.


# %% nbgrader={"grade_id": "robust", "solution": true}
def robust(samples, warm_up):
    # Dein Code: weglassen, Median bilden, Abstände bilden.
    raise NotImplementedError


# %% nbgrader={"grade_id": "robust-test", "grade": true, "locked": true, "points": 5}
import checks

checks.robust(robust)
### BEGIN HIDDEN TESTS
import exam

exam.robust(robust)
### END HIDDEN TESTS

# %%
checks.robust_hint()

# %% [markdown]
# ## Ist das schnell?
#
# „Vierzigmal so schnell“ sagt nichts, solange du nicht weißt, verglichen womit. Vierzigmal so schnell wie langsam kann
# immer noch langsam sein. Die bessere Frage ist: Wie nah ist es an dem, was das Device überhaupt kann?
#
# Die meisten Operationen auf Bildern begrenzt der Speicher. Zähl also die Bytes, die bewegt werden **müssen**: jede
# Eingabe einmal, jede Ausgabe einmal. Geteilt durch die Zeit ist das die **effektive Bandbreite**, in GB/s. Ein GB sind
# hier 10⁹ Bytes, wie in jedem Datenblatt. Daneben steht die Grenze: 4800 GB/s für den Speicher einer H200, 40 GB/s auf
# der modellierten Zeitachse.
#
# **Was erwartest du?** `x * 2 + 1` liest das Bild und schreibt es, in zwei Operationen. Wie viel Prozent der Grenze
# kann es höchstens erreichen? Und dasselbe in einem Kernel?

# %%
scale = cp.ElementwiseKernel("float32 x", "float32 y", "y = x * 2.0f + 1.0f", "scale")
pixels = cp.full((512, 512), 50, cp.float32)
must_move = 2 * pixels.nbytes
scale(pixels)  # aufwärmen
for name, function in (("zwei Operationen", lambda: pixels * 2 + 1), ("ein Kernel", lambda: scale(pixels))):
    milliseconds = elapsed(function)
    rate = must_move / (milliseconds / 1000) / 1e9
    print(f"{name:14} {milliseconds:.4f} ms {rate:5.1f} GB/s")

# %% [markdown]
# Die zwei Operationen bewegen doppelt so viel wie nötig, also bleiben sie unter der Hälfte der Grenze. Der Kernel kommt
# ihr nahe. Er ist doppelt so schnell, und viel mehr ist nicht zu holen. Wer beide Zahlen nennt, hat alles gesagt.
#
# Die Bandbreite ist auch eine Probe. Liegt deine **über** der Grenze, ist die Messung falsch, meist weil die Uhr zu
# früh stehen blieb.

# %% [markdown]
# ## Übung 3: Finde die Fehler in compare
#
# Der Bericht des Kollegen beruht auf dieser Funktion. Sie lässt den neuen Filter gut aussehen. Bring sie in Ordnung, so
# dass sie gerecht ist:
#
# * `before` und `after` sind Reihen von Millisekunden, NumPy-Arrays. In beiden ist der erste Wert das Aufwärmen und
#   zählt nicht.
# * `nbytes` sagt, wie viele Bytes ein Aufruf bewegen muss, `limit` ist die Grenze des Device in GB/s.
# * Das Ergebnis sind drei Zahlen. Die erste sagt, wie viel Mal so schnell der mittlere Aufruf wurde, nach den Medianen.
#   Die zweite ist die effektive Bandbreite des neuen in GB/s, nach seinem Median. Die dritte ist deren Anteil an der
#   Grenze.
# * Die Reihen bleiben, wie sie sind.


# %% nbgrader={"grade_id": "compare", "solution": true}
def compare(before, after, nbytes, limit):
    # Bring das in Ordnung; du darfst jede Zeile ändern.
    after.sort()
    faster = before.mean() / after[0]
    rate = nbytes / np.median(after) / 1024**3
    return faster, rate, limit / rate


# %% nbgrader={"grade_id": "compare-test", "grade": true, "locked": true, "points": 6}
import checks

checks.compare(compare)
### BEGIN HIDDEN TESTS
import exam

exam.compare(compare)
### END HIDDEN TESTS

# %%
checks.compare_hint()

# %% [markdown]
# Wenn deine Prüfung besteht, setz deine drei Funktionen zusammen: Ist der Kernel doppelt so schnell, und ist noch etwas
# zu holen? Die modellierte Zeitachse kennt kein Rauschen, also ist die Streuung dort 0.

# %%
try:
    typical, spread = robust(np.array(measure(image, 10, 5)), 0)
    print(f"10 Schritte: {typical:.4f} ms, Streuung {spread:.4f} ms")
    old = np.array([elapsed(lambda: pixels * 2 + 1) for _ in range(6)])
    new = np.array([elapsed(scale, pixels) for _ in range(6)])
    faster, rate, share = compare(old, new, must_move, 40)
    print(f"{faster:.2f}-mal so schnell, {rate:.1f} GB/s, {share:.0%} der Grenze")
except NotImplementedError:
    print("Eine deiner Funktionen ist noch nicht geschrieben.")

# %% [markdown]
# ## Mit eigenen Worten
#
# Im Bericht des Kollegen steht: „Das Bild hat 64 MB, es wird einmal gelesen und einmal geschrieben. Ich starte
# `time.time()`, rufe meinen Filter auf und halte an: 0,02 ms. Der alte Filter brauchte 0,8 ms, den ersten Aufruf
# eingerechnet. Meiner ist also vierzigmal so schnell, auf einer H200 mit 4800 GB/s.“ Nenn zwei Fehler, zeig mit einer
# Rechnung, dass die Zahl nicht stimmen kann, und sag, wie du messen würdest. Vier oder fünf Sätze. Diese Antwort liest
# und bewertet ein Mensch.

# %% [markdown] nbgrader={"grade_id": "forty_times", "grade": true, "solution": true, "points": 4}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * Starts sind asynchron: Eine Uhr auf dem Host misst das Beauftragen, wenn sie nicht auf das Device wartet.
# * Events sind Marken im Stream. Warte auf die zweite, bevor du nach der Zeit dazwischen fragst.
# * Wärm zuerst auf. Nimm dann eine Reihe, ihren Median und den Median der Abstände dazu.
# * Doppelte Arbeit muss doppelt so lange dauern, sonst misst du etwas anderes.
# * Nenn die Beschleunigung **und** den Anteil an der Grenze. Mehr als 100 Prozent sind ein Fehler.
#
# Die modellierte Zeitachse zeigt, wie Zeiten sich verhalten, aber sie ist kein Maß für irgendeine GPU. Miss dort, wovon
# du etwas behaupten willst.
#
# ## Weiterlesen
#
# * [Wie man mit CuPy Zeiten misst (englisch)](https://docs.cupy.dev/en/stable/user_guide/performance.html)
# * [Events in CuPy (englisch)](https://docs.cupy.dev/en/stable/reference/generated/cupy.cuda.Event.html)
# * [NVIDIAs Leitfaden zu CUDA C++: Zeit und Bandbreite
#   messen (englisch)](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#performance-metrics)
