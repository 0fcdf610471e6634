# %% [markdown]
# # Kopieren, während gerechnet wird
#
# Nachts werden die Filme einer ganzen Schicht ausgewertet. Einer davon hat 90 GB, und die GPU hat weniger. Außerdem
# sagt deine Messung von den letzten Tagen: Das Device wartet die meiste Zeit auf Daten. Beides lässt sich ändern.
#
# In dieser Einheit bearbeitest du einen Film in Stücken, und du lässt die Kopien des einen Stücks laufen, während ein
# anderes gerechnet wird. Dafür brauchst du Streams, fest liegenden Speicher und Events. Und du lernst, was schiefgeht,
# wenn sich niemand um die Reihenfolge kümmert.
#
# Du brauchst etwa 60 Minuten. Führe die Zellen von oben nach unten mit **Umschalt+Eingabe** aus.

# %%
import checks
import cupy as cp
import cupyx
import numpy as np

# %% [markdown]
# ## Was auf dem Device liegt
#
# Jedes Array auf dem Device belegt Speicher, bis niemand mehr darauf verweist. Auch Zwischenergebnisse zählen. Was frei
# geworden ist, hebt CuPy in einem **Pool** auf und gibt es wieder aus, denn Speicher vom Treiber zu holen dauert lange.
# Es kommt also auf die **Spitze** an: wie viel gleichzeitig belegt ist.
#
# `checks.look(function, ...)` ruft eine Funktion auf und gibt zwei Zahlen. Die zweite ist die Spitze in Bytes; die
# erste brauchst du später.
#
# **Was erwartest du?** Der Film unten hat 40 × 32 × 32 Werte mit 4 Bytes, das sind 163.840 Bytes. Wie viele Bytes sind
# höchstens belegt, während `cool` läuft?

# %%
film = np.random.default_rng(3).uniform(20, 90, size=(40, 32, 32)).astype(np.float32)


def cool(film):
    there = cp.asarray(film)
    lower = there - 1
    return cp.asnumpy(cp.sqrt(lower))


print(f"{film.nbytes} Bytes Film, höchstens {checks.look(cool, film)[1]} Bytes")

# %% [markdown]
# Das Dreifache des Films: `there`, `lower` und das Ergebnis von `sqrt`. Bei 90 GB wären das 270. Also geht der Film in
# Stücken von je ein paar Bildern hindurch. Nur ein Stück und seine Zwischenergebnisse liegen auf dem Device.
#
# **Was erwartest du?** 10 Bilder werden in Stücke zu 4 geteilt. Welche Bilder enthält der letzte Ausschnitt, und
# braucht er eine Sonderbehandlung?

# %%
for begin in range(0, 10, 4):
    print(begin, list(range(10))[begin : begin + 4])

# %% [markdown]
# Ein Ausschnitt, der über das Ende hinausreicht, ist einfach kürzer. Wer Platz für ein Stück anlegt, muss aber
# aufpassen: Hinter einem kürzeren letzten Stück steht noch, was vorher da war.

# %% [markdown]
# ## Übung 1: in_pieces
#
# Schreib `in_pieces(film, dark, piece)`. Es zieht das Dunkelbild ab, Stück für Stück:
#
# * `film` hat die Form `(n, height, width)`, `dark` hat `(height, width)`. Beide sind NumPy-Arrays in `float32`.
# * Das Ergebnis ist ein neues NumPy-Array mit Form und dtype von `film`: `film - dark`, aber nie unter 0. Gerechnet
#   wird auf dem Device.
# * Jedes Stück hat `piece` Bilder, das letzte darf weniger haben. `n` kann auch kleiner sein als `piece`.
# * Film und Dunkelbild gehen einmal zum Device, das Ergebnis kommt einmal zurück. Zu keiner Zeit liegen mehr als 6
#   Stücke auf dem Device.
# * Jedes Stück kommt mit höchstens 5 Operationen aus. Die Eingaben bleiben, wie sie sind.


# %% nbgrader={"grade_id": "in_pieces", "solution": true}
def in_pieces(film, dark, piece):
    # Dein Code: Was braucht es einmal, und was für jedes Stück?
    raise NotImplementedError


# %% [markdown]
# Prüfe deine Funktion, so oft du willst. Die Punkte kommen von derselben Prüfung mit anderen Filmen.

# %% nbgrader={"grade_id": "in_pieces-test", "grade": true, "locked": true, "points": 7}
import checks

checks.in_pieces(in_pieces)
### BEGIN HIDDEN TESTS
import exam

exam.in_pieces(in_pieces)
### END HIDDEN TESTS

# %%
# Kommst du nicht weiter? Jeder Lauf dieser Zelle zeigt einen Hinweis mehr.
checks.in_pieces_hint()

# %% [markdown]
# ## Drei Arbeiter, zwei ohne Arbeit
#
# Eine GPU hat mehrere Teile, die gleichzeitig arbeiten können. Einer kopiert zum Device, einer rechnet, einer kopiert
# zurück. Macht jedes Stück seine drei Schritte, bevor das nächste anfängt, haben immer zwei davon nichts zu tun.
#
# ![Zwei Diagramme mit je drei Zeilen: zum Device, Kernel, zurück. Oben folgen vier Stücke aufeinander, und zu jeder
# Zeit ist nur eine Zeile belegt. Unten wechseln die Stücke zwischen zwei Streams; während eines zurückkopiert wird,
# wird das nächste hinkopiert oder gerechnet, und das Ganze endet nach wenig mehr als der halben
# Zeit.](figures/engines.svg)
#
# Ein **Stream** ist eine Liste von Aufträgen, die der Reihe nach erledigt werden. Zwei Streams wissen nichts
# voneinander: Ihre Aufträge dürfen gleichzeitig laufen. `with stream:` legt alles, was darin steht, auf diesen Stream.
# Ohne das geht alles auf den Standard-Stream, den du die ganze Zeit benutzt hast.
#
# Aber eine Kopie läuft nur dann neben etwas anderem, wenn der Speicher auf dem Host an seinem Platz bleibt.
# Gewöhnlichen Speicher darf das Betriebssystem jederzeit verschieben, also muss der Host an der Kopie mitwirken und
# wartet. **Fest liegender** Speicher (englisch *pinned*) bleibt, wo er ist. `cupyx.empty_pinned(shape, dtype)` legt ein
# NumPy-Array darin an.
#
# | Aufruf | Was er tut |
# | --- | --- |
# | `part.set(host)` | kopiert ein NumPy-Array in das CuPy-Array `part`, mit gleicher Form und gleichem dtype |
# | `part.get(out=host, blocking=False)` | kopiert `part` nach `host`, und der Host wartet nicht |
# | `stream.synchronize()` | der Host wartet, bis alles auf diesem Stream erledigt ist |
#
# **Was erwartest du?** Die Zelle schickt vier Stücke hin und zurück, einmal auf einem Stream, einmal auf zweien, in
# beiden Arten von Speicher. `checks.look` gibt die Zeit als Anteil an dem, was es nacheinander dauert: 1 heißt, nichts
# hat sich überlappt. In welchem der vier Fälle sinkt sie?


# %%
def there_and_back(film, streams, make):
    host, out = make(film.shape, film.dtype), make(film.shape, film.dtype)
    host[...] = film
    for number in range(4):
        stream = streams[number % len(streams)]
        with stream:
            part = cp.empty((10, 32, 32), cp.float32)
            part.set(host[10 * number : 10 * number + 10])
            cp.sqrt(part).get(out=out[10 * number : 10 * number + 10], blocking=False)
    for stream in streams:
        stream.synchronize()
    return out


one = [cp.cuda.Stream(non_blocking=True)]
two = [*one, cp.cuda.Stream(non_blocking=True)]
for memory, make in (("pageable", np.empty), ("pinned  ", cupyx.empty_pinned)):
    for name, streams in (("ein Stream  ", one), ("zwei Streams", two)):
        share, _ = checks.look(there_and_back, film, streams, make)
        print(memory, name, share)

# %% [markdown]
# Nur beides zusammen hilft: **zwei Streams und fest liegender Speicher**. Dann sinkt die Zeit auf etwas mehr als die
# Hälfte, denn ein Stück wird hinkopiert, während das andere zurückkopiert wird.
#
# Die Anteile kommen von einer **modellierten Zeitachse**, wo es keine GPU gibt: ein Arbeiter für Kernel, je einer für
# Kopien in jede Richtung, ausgedachte Geschwindigkeiten. Auf einer GPU entscheidet das Verhältnis von Kopien zu
# Kernels, wie viel zu holen ist. Und am Ende muss der Host warten. Wer zu früh in `out` sieht, findet, was vorher da
# war.

# %% [markdown]
# ## Übung 2: overlapped
#
# Schreib `overlapped(film, dark, piece)`. Es rechnet dasselbe wie `in_pieces`, mit Kopien, die sich überlappen:
#
# * Eingaben und Ergebnis sind NumPy-Arrays wie zuvor. Kopier den Film zuerst in fest liegenden Speicher: In der Fabrik
#   schriebe die Kamera gleich dorthin. Das Ergebnis darf in fest liegendem Speicher stehen.
# * Auf der modellierten Zeitachse dauert es höchstens 0,8 der Zeit, die es nacheinander dauert.
# * Zu keiner Zeit liegen mehr als 10 Stücke auf dem Device, und jedes kommt mit höchstens 5 Operationen aus.
# * Wenn die Funktion zurückkommt, ist alles erledigt. Kein Stream trifft auf Speicher, an dem ein anderer noch ist.


# %% nbgrader={"grade_id": "overlapped", "solution": true}
def overlapped(film, dark, piece):
    # Dein Code: in_pieces mit zwei Streams und fest liegendem Speicher.
    raise NotImplementedError


# %% nbgrader={"grade_id": "overlapped-test", "grade": true, "locked": true, "points": 8}
import checks

checks.overlapped(overlapped)
### BEGIN HIDDEN TESTS
import exam

exam.overlapped(overlapped)
### END HIDDEN TESTS

# %%
checks.overlapped_hint()

# %% [markdown]
# ## Wenn ein Stream braucht, was ein anderer macht
#
# Bisher blieb jedes Stück auf seinem Stream. Oft wird die Arbeit anders geteilt: Ein Stream kopiert nur, ein anderer
# rechnet nur. Dann muss das Rechnen auf die Kopie warten. Aber nicht der Host soll warten, er soll ja weiter Aufträge
# erteilen.
#
# Dafür gibt es **Events**. `event.record(a)` setzt eine Marke auf Stream `a`. `b.wait_event(event)` sagt Stream `b`:
# Mach erst weiter, wenn `a` an der Marke vorbei ist. Der Host geht sofort weiter.
#
# **Was erwartest du?** Unten liegen Kopie und Summe auf verschiedenen Streams. Beim ersten Mal ordnet sie nichts.
# Stimmt die Summe? Und stimmt das Programm?

# %%
host = cupyx.empty_pinned(film.shape, film.dtype)
host[...] = film
copying, computing = two
for ordered in (False, True):
    there = cp.empty(film.shape, film.dtype)
    with copying:
        there.set(host)
        loaded = cp.cuda.Event()
        loaded.record(copying)
    with computing:
        if ordered:
            computing.wait_event(loaded)
        total = there.sum()
    cp.cuda.Device().synchronize()
    print("mit Event " if ordered else "ohne Event ", float(total))

# %% [markdown]
# Beide Summen stimmen hier, denn die emulierte GPU erledigt jeden Auftrag sofort. Aber sie merkt, dass der erste
# Versuch Glück war, und meldet einen **Wettlauf von Streams**. Auf einer GPU läse die Summe, während die Kopie noch
# schreibt. Manchmal geht das gut, manchmal nicht, und bei kleinen Filmen in einem Test fast immer. Darum lassen sich
# solche Fehler nicht wegtesten.
#
# Auch der Rückweg braucht ein Event. Wenn der kopierende Stream denselben Puffer noch einmal benutzen soll, muss er
# warten, bis der rechnende ihn gelesen hat.

# %% [markdown]
# ## Übung 3: Finde die Fehler in noise
#
# Wie stark flackert jedes Pixel? Diese Funktion berechnet die **Standardabweichung** jedes Pixels über die Zeit. Ein
# Stream lädt die Stücke in zwei Puffer, die sich abwechseln, der andere zählt zusammen. Die Standardabweichung folgt
# aus der Summe und der Summe der Quadrate: Sie ist die Wurzel aus `squares / n - (total / n) ** 2`.
#
# Es gibt kein Event darin, das Ende wartet nicht auf die Streams, und ein kürzeres letztes Stück wird falsch behandelt.
# Bring sie in Ordnung:
#
# * `film`, `dark` und `piece` sind wie zuvor. Das Ergebnis ist ein NumPy-Array der Form `(height, width)` in `float32`.
# * Kopien und Summen überlappen sich: höchstens 0,8 der Zeit, die es nacheinander dauert.
# * Kein Stream trifft auf Speicher, an dem ein anderer noch ist. Zu keiner Zeit liegen mehr als 10 Stücke auf dem
#   Device, und jedes kommt mit höchstens 12 Operationen aus.


# %% nbgrader={"grade_id": "noise", "solution": true}
def noise(film, dark, piece):
    # Bring das in Ordnung; du darfst jede Zeile ändern.
    host = cupyx.empty_pinned(film.shape, film.dtype)
    host[...] = film
    copying, computing = cp.cuda.Stream(non_blocking=True), cp.cuda.Stream(non_blocking=True)
    buffers = [cp.zeros((piece, *dark.shape), film.dtype) for _ in range(2)]
    dark_there = cp.asarray(dark)
    total, squares = cp.zeros(dark.shape, film.dtype), cp.zeros(dark.shape, film.dtype)
    cp.cuda.Device().synchronize()
    for number, begin in enumerate(range(0, len(film), piece)):
        frames, k = host[begin : begin + piece], number % 2
        with copying:
            buffers[k][: len(frames)].set(frames)
        with computing:
            clean = buffers[k] - dark_there
            total += clean.sum(axis=0)
            squares += (clean * clean).sum(axis=0)
    mean = total / len(film)
    return cp.asnumpy(cp.sqrt(squares / len(film) - mean * mean))


# %% nbgrader={"grade_id": "noise-test", "grade": true, "locked": true, "points": 7}
import checks

checks.noise(noise)
### BEGIN HIDDEN TESTS
import exam

exam.noise(noise)
### END HIDDEN TESTS

# %%
checks.noise_hint()

# %% [markdown]
# ## Mit eigenen Worten
#
# Ein Stück braucht 6 ms zum Device, 1 ms im Kernel und 5 ms zurück. Es gibt 100 Stücke. Wie lange dauert es
# nacheinander, und wie lange bestenfalls mit Streams? Sag, welcher Teil die Grenze setzt, warum ein schnellerer Kernel
# kaum hilft und was helfen würde. Drei oder vier Sätze. Diese Antwort liest und bewertet ein Mensch.

# %% [markdown] nbgrader={"grade_id": "best_case", "grade": true, "solution": true, "points": 3}
# *Deine Antwort.*

# %% [markdown]
# ## Das nimmst du mit
#
# * Was nicht hineinpasst, geht in Stücken hindurch. Es zählt die Spitze, mit den Zwischenergebnissen.
# * Kopien in beide Richtungen und Kernel können gleichzeitig laufen, mit mehreren Streams **und** fest liegendem
#   Speicher.
# * Aufträge auf einem Stream behalten ihre Reihenfolge, Aufträge auf verschiedenen haben keine. Ein Event schafft eine.
# * Ein Puffer, der wieder benutzt wird, braucht zwei Events: eines für *voll*, eines für *leer*.
# * Bevor der Host ein Ergebnis liest, wartet er. Ein richtiges Ergebnis beweist keine richtige Reihenfolge.
#
# ## Weiterlesen
#
# * [Streams und Events in CuPy (englisch)](https://docs.cupy.dev/en/stable/user_guide/basic.html)
# * [Speicher in CuPy: Pool und fest liegender Speicher
#   (englisch)](https://docs.cupy.dev/en/stable/user_guide/memory.html)
# * [NVIDIAs Leitfaden zu CUDA C++: Kopien und Rechnungen überlappen
#   (englisch)](https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/index.html#asynchronous-and-overlapping-transfers-with-computation)
