"""What checks say, in German and English, in the learner's words. Imports nothing of the project."""

from __future__ import annotations

from typing import Any

Text = dict[str, str]


def _kind_of(thing: Any) -> str:
    return "None" if thing is None else type(thing).__name__


def not_a_kernel(thing: Any) -> Text:
    return {
        "en": f"A CUDA kernel was expected here, but this is {_kind_of(thing)}. "
        "Write a function and put @cuda.jit above it.",
        "de": f"Hier wird ein CUDA-Kernel erwartet, gefunden wurde aber {_kind_of(thing)}. "
        "Schreibe eine Funktion und setze @cuda.jit darüber.",
    }


def not_a_raw_kernel(thing: Any) -> Text:
    return {
        "en": f"A kernel in CUDA C was expected here, but this is {_kind_of(thing)}. Make one with cupy.RawKernel.",
        "de": f"Hier wird ein Kernel in CUDA C erwartet, gefunden wurde aber {_kind_of(thing)}. "
        "Erzeuge einen mit cupy.RawKernel.",
    }


def not_a_function(thing: Any) -> Text:
    return {
        "en": f"A function was expected here, but this is {_kind_of(thing)}. Define it with def.",
        "de": f"Hier wird eine Funktion erwartet, gefunden wurde aber {_kind_of(thing)}. Definiere sie mit def.",
    }


def parameter_count(name: str, got: int, wanted: int) -> Text:
    return {
        "en": f"{name} takes {got} parameters, but the exercise asks for {wanted}. Keep the given first line.",
        "de": f"{name} hat {got} Parameter, die Aufgabe verlangt {wanted}. Behalte die vorgegebene erste Zeile.",
    }


def does_not_compile(core: str) -> Text:
    return {
        "en": f"The kernel does not compile: {core}",
        "de": f"Der Kernel lässt sich nicht übersetzen: {core}",
    }


def foreign_parameters() -> Text:
    return {
        "en": "The compiled kernel does not have the parameters that the exercise asks for.",
        "de": "Der übersetzte Kernel hat nicht die Parameter, die die Aufgabe verlangt.",
    }


def kernel_not_written() -> Text:
    return {
        "en": "Your kernel writes nothing yet. Replace the placeholder with your code and check again.",
        "de": "Dein Kernel schreibt noch nichts. Ersetze den Platzhalter durch deinen Code und prüfe noch einmal.",
    }


def function_not_written() -> Text:
    return {
        "en": "This is not written yet. Replace the placeholder with your code and check again.",
        "de": "Hier ist noch nichts geschrieben. Ersetze den Platzhalter durch deinen Code und prüfe noch einmal.",
    }


def returned_nothing() -> Text:
    return {
        "en": "Your function returns nothing yet. Write it, and give the result back with return.",
        "de": "Deine Funktion gibt noch nichts zurück. Schreibe sie und gib das Ergebnis mit return zurück.",
    }


def raised(name: str, text: str) -> Text:
    short = text if len(text) <= 200 else text[:197] + "..."
    tail = f": {short}" if short else ""
    return {"en": f"Your code raised {name}{tail}", "de": f"Dein Code löste {name} aus{tail}"}


def raised_hidden(name: str) -> Text:
    return {
        "en": f"Your code raised {name} in a hidden test.",
        "de": f"Dein Code löste in einem verborgenen Test {name} aus.",
    }


def wrong_result(place: str, case: str, expected: str, got: str, wrong: int, total: int) -> Text:
    return {
        "en": f"Wrong result for {case}: {place} should be {expected}, but it is {got} "
        f"({wrong} of {total} elements differ).",
        "de": f"Falsches Ergebnis für {case}: {place} sollte {expected} sein, ist aber {got} "
        f"({wrong} von {total} Elementen weichen ab).",
    }


def wrong_result_hidden(case: Text) -> Text:
    return {
        "en": f"Wrong result, first seen with {case['en']}.",
        "de": f"Falsches Ergebnis, zuerst bei {case['de']}.",
    }


def wrong_results_hidden() -> Text:
    return {
        "en": "Wrong result for all inputs that were tried, whatever their size.",
        "de": "Falsches Ergebnis für alle Eingaben, die geprüft wurden, gleich welcher Größe.",
    }


def unwritten(place: str, case: str, count: int, total: int) -> Text:
    return {
        "en": f"{count} of {total} elements were never written for {case}, the first of them is {place}. "
        "Check which elements your threads cover.",
        "de": f"{count} von {total} Elementen wurden für {case} nie geschrieben, das erste ist {place}. "
        "Prüfe, welche Elemente deine Threads abdecken.",
    }


def unwritten_hidden(case: Text) -> Text:
    return {
        "en": f"Some elements were never written, first seen with {case['en']}. "
        "Check which elements your threads cover.",
        "de": f"Einige Elemente wurden nie geschrieben, zuerst bei {case['de']}. "
        "Prüfe, welche Elemente deine Threads abdecken.",
    }


def unwritten_everywhere() -> Text:
    return {
        "en": "Some elements were never written, whatever the size. Check which elements your threads cover.",
        "de": "Einige Elemente wurden nie geschrieben, gleich bei welcher Größe. "
        "Prüfe, welche Elemente deine Threads abdecken.",
    }


def canary(name: str) -> Text:
    return {
        "en": f"The kernel wrote outside the array {name}. Guard the access: only threads whose index lies inside "
        "the array may reach it.",
        "de": f"Der Kernel schrieb außerhalb des Arrays {name}. Sichere den Zugriff: Nur Threads, deren Index im "
        "Array liegt, dürfen ihn erreichen.",
    }


def input_changed(name: str) -> Text:
    return {
        "en": f"The input {name} was changed. Read it only; write to the output.",
        "de": f"Die Eingabe {name} wurde verändert. Lies sie nur; schreibe in die Ausgabe.",
    }


def uncoalesced(ratio: float, threshold: float) -> Text:
    return {
        "en": f"Only {ratio:.0%} of the memory traffic is used; {threshold:.0%} are asked for. "
        "Let neighbouring threads touch neighbouring elements.",
        "de": f"Nur {ratio:.0%} des Speicherverkehrs werden genutzt; verlangt sind {threshold:.0%}. "
        "Lass benachbarte Threads benachbarte Elemente anfassen.",
    }


def float64() -> Text:
    return {
        "en": "The kernel computes in float64 where float32 is meant. Write constants as np.float32(...).",
        "de": "Der Kernel rechnet in float64, wo float32 gemeint ist. Schreibe Konstanten als np.float32(...).",
    }


def spills(nbytes: int) -> Text:
    return {
        "en": f"The GPU runs out of registers: {nbytes} bytes for each thread go through slow memory. Keep fewer "
        "values alive at a time, make local arrays smaller, or index them by constants only.",
        "de": f"Der GPU gehen die Register aus: {nbytes} Byte je Thread laufen durch langsamen Speicher. Halte weniger "
        "Werte zugleich, mache lokale Arrays kleiner oder greife nur mit Konstanten auf sie zu.",
    }


def registers(got: int, allowed: int, share: float) -> Text:
    return {
        "en": f"A thread takes {got} registers; at most {allowed} are asked for. So a multiprocessor holds {share:.0%} "
        "of its threads. Keep fewer values alive at a time.",
        "de": f"Ein Thread braucht {got} Register; verlangt sind höchstens {allowed}. So hält ein Multiprozessor "
        f"{share:.0%} seiner Threads. Halte weniger Werte zugleich.",
    }


def not_assembled() -> Text:
    return {
        "en": "NVIDIA's assembler does not take this kernel.",
        "de": "NVIDIAs Assembler nimmt diesen Kernel nicht an.",
    }


def assembler_ended() -> Text:
    return {
        "en": "NVIDIA's assembler ended before it had said what this kernel takes. That costs you nothing; check "
        "again.",
        "de": "NVIDIAs Assembler endete, bevor er gesagt hatte, was dieser Kernel braucht. Das kostet dich nichts; "
        "prüfe noch einmal.",
    }


_SPEEDS: dict[str, tuple[str, str]] = {
    "copy_bandwidth": (
        "{got:.0%} of the bandwidth of a plain copy are reached; {wanted:.0%} are asked for",
        "{got:.0%} der Bandbreite einer einfachen Kopie sind erreicht; verlangt sind {wanted:.0%}",
    ),
    "speedup": (
        "{got:.2g} times as fast as the given version; {wanted:.2g} times are asked for",
        "{got:.2g}-mal so schnell wie die vorgegebene Fassung; verlangt ist {wanted:.2g}-mal",
    ),
    "model_share": (
        "{got:.0%} of the model solution's speed are reached; {wanted:.0%} are asked for",
        "{got:.0%} des Tempos der Musterlösung sind erreicht; verlangt sind {wanted:.0%}",
    ),
}


def slow(part: str, got: float, wanted: float, *, traffic: bool, starting: bool) -> Text:
    """`traffic`: the ratio is one of memory traffic, counted where no GPU is. `starting`: what is wanted was never
    measured."""
    en, de = (sentence.format(got=got, wanted=wanted) for sentence in _SPEEDS[part])
    if traffic:
        en, de = f"{en}, by the memory traffic that was counted", f"{de}, nach dem gezählten Speicherverkehr"
    if starting and not traffic:
        en = f"{en}. This threshold is a starting value that nobody has measured on this kind of device yet"
        de = f"{de}. Diese Schwelle ist ein Startwert, den noch niemand auf so einem Gerät gemessen hat"
    return {"en": f"{en[0].upper()}{en[1:]}.", "de": f"{de[0].upper()}{de[1:]}."}


def inconclusive() -> Text:
    return {
        "en": "The times varied too much to say how fast this is. That costs you nothing; a person looks at it.",
        "de": "Die Zeiten schwankten zu sehr, um zu sagen, wie schnell das ist. Das kostet dich nichts; ein Mensch "
        "sieht es sich an.",
    }


def implausible() -> Text:
    return {
        "en": "This was measured to be faster than the GPU can be. A person looks at it.",
        "de": "Das wurde schneller gemessen, als die GPU sein kann. Ein Mensch sieht es sich an.",
    }


def wrong_library(given: str, got: str) -> Text:
    return {
        "en": f"Given a {given} array, the function should return a {given} array, but it returned {got}.",
        "de": f"Für ein {given}-Array soll die Funktion ein {given}-Array zurückgeben, zurück kam aber {got}.",
    }


def wrong_dtype(wanted: str, got: str) -> Text:
    return {
        "en": f"The result should have the type {wanted}, but it has {got}. Watch for constants and functions that "
        "widen the type.",
        "de": f"Das Ergebnis soll den Typ {wanted} haben, es hat aber {got}. Achte auf Konstanten und Funktionen, "
        "die den Typ verbreitern.",
    }


def wrong_shape(wanted: tuple[int, ...], got: tuple[int, ...]) -> Text:
    return {
        "en": f"The result should have the shape {wanted}, but it has {got}.",
        "de": f"Das Ergebnis soll die Form {wanted} haben, es hat aber {got}.",
    }


def wrong_shape_hidden(case: Text) -> Text:
    return {
        "en": f"The result has the wrong shape, first seen with {case['en']}.",
        "de": f"Das Ergebnis hat die falsche Form, zuerst bei {case['de']}.",
    }


def wrong_shapes_hidden() -> Text:
    return {
        "en": "The result has the wrong shape for all inputs that were tried, whatever their size.",
        "de": "Das Ergebnis hat für alle Eingaben, die geprüft wurden, die falsche Form, gleich bei welcher Größe.",
    }


def wrong_count(wanted: int) -> Text:
    return {
        "en": f"The function should return {wanted} results.",
        "de": f"Die Funktion soll {wanted} Ergebnisse zurückgeben.",
    }


def no_launch() -> Text:
    return {
        "en": "Nothing ran on the GPU. Compute with the device array, not with a copy on the host.",
        "de": "Auf der GPU lief nichts. Rechne mit dem Array auf der GPU, nicht mit einer Kopie auf dem Host.",
    }


def many_atomics(got: int, allowed: int, size: Any) -> Text:
    return {
        "en": f"For n = {size} {got} atomic operations reached global memory, {allowed} are enough. Count in shared "
        "memory first, and hand over once for each block.",
        "de": f"Für n = {size} gingen {got} atomare Operationen in den globalen Speicher, {allowed} genügen. Zähle "
        "zuerst im Shared Memory, und gib je Block einmal ab.",
    }


def many_atomics_hidden() -> Text:
    return {
        "en": "More atomic operations reach global memory than are needed. Count in shared memory first, and hand over "
        "once for each block.",
        "de": "Es gehen mehr atomare Operationen in den globalen Speicher als nötig. Zähle zuerst im Shared Memory, "
        "und gib je Block einmal ab.",
    }


def many_launches(got: int, allowed: int) -> Text:
    return {
        "en": f"{got} operations were started on the GPU, {allowed} are allowed. Let one operation work on the whole "
        "array instead of looping over its parts in Python.",
        "de": f"Auf der GPU wurden {got} Operationen gestartet, erlaubt sind {allowed}. Lass eine Operation auf dem "
        "ganzen Array arbeiten, statt in Python über seine Teile zu laufen.",
    }


def no_overlap(share: float, allowed: float) -> Text:
    got, most = (f"{100 * number:.0f}" for number in (share, allowed))
    return {
        "en": f"On the modelled timeline your work took {got} % of what it takes one after the other, {most} % are "
        "allowed. Copy from and to pinned memory, and let copies on one stream overlap with kernels on another.",
        "de": f"Auf der modellierten Zeitachse dauerte deine Arbeit {got} % davon, was sie nacheinander dauert, "
        f"erlaubt sind {most} %. Kopiere von und in Pinned Memory und lass Kopien auf dem einen Stream mit Kernels auf "
        "einem anderen überlappen.",
    }


def memory_peak(got: int, allowed: int) -> Text:
    return {
        "en": f"The device's memory in use grew by {got} bytes, {allowed} are allowed. Work in pieces, compute into "
        "arrays that are there already, and let go of what is no longer needed.",
        "de": f"Der belegte Speicher des Geräts wuchs um {got} Bytes, erlaubt sind {allowed}. Arbeite in Stücken, "
        "rechne in Arrays, die schon da sind, und gib frei, was nicht mehr gebraucht wird.",
    }


def copies(got: int, allowed: int) -> Text:
    return {
        "en": f"{got} bytes were copied back to the host, {allowed} are allowed. Keep the data on the GPU: no "
        ".get(), .item(), float(), asnumpy or if on a device array on the way.",
        "de": f"{got} Bytes wurden auf den Host zurückkopiert, erlaubt sind {allowed}. Lass die Daten auf der GPU: "
        "unterwegs kein .get(), .item(), float(), asnumpy und kein if auf einem GPU-Array.",
    }


def copies_in(got: int, allowed: int) -> Text:
    return {
        "en": f"{got} bytes were copied to the GPU, {allowed} are allowed. The inputs are there already.",
        "de": f"{got} Bytes wurden auf die GPU kopiert, erlaubt sind {allowed}. Die Eingaben sind schon dort.",
    }


def copied_often(got: int, allowed: int) -> Text:
    return {
        "en": f"Data was copied back to the host {got} times, {allowed} are allowed. Gather on the GPU what the host "
        "needs, and copy it at once.",
        "de": f"Daten wurden {got}-mal auf den Host zurückkopiert, erlaubt ist das {allowed}-mal. Sammle auf der GPU, "
        "was der Host braucht, und kopiere es auf einmal.",
    }


def copied_in_often(got: int, allowed: int) -> Text:
    return {
        "en": f"Data was copied to the GPU {got} times, {allowed} are allowed. Gather it on the host, and copy it at "
        "once.",
        "de": f"Daten wurden {got}-mal auf die GPU kopiert, erlaubt ist das {allowed}-mal. Sammle sie auf dem Host, "
        "und kopiere sie auf einmal.",
    }


def size_class(size: Any, block: int | None = None) -> Text:
    """A size said without saying it. `block` is the number of threads in a block, where one is launched."""
    sides = size if isinstance(size, tuple) else (size,)
    if 0 in sides:
        return {"en": "an empty input", "de": "einer leeren Eingabe"}
    if all(side == 1 for side in sides):
        return {"en": "a single element", "de": "einem einzelnen Element"}
    if len(sides) > 1:
        return _shape_class(sides)
    if size < 32:
        return {"en": "fewer elements than a warp has threads", "de": "weniger Elementen, als ein Warp Threads hat"}
    if block is not None and size % block == 0:
        return {
            "en": "a size that is a multiple of the block size",
            "de": "einer Größe, die ein Vielfaches der Blockgröße ist",
        }
    if size >= 100_000:
        return {"en": "a large input", "de": "einer großen Eingabe"}
    if block is not None:
        return {
            "en": "a size that is no multiple of the block size",
            "de": "einer Größe, die kein Vielfaches der Blockgröße ist",
        }
    if size % 32:
        return {"en": "a size that is no multiple of 32", "de": "einer Größe, die kein Vielfaches von 32 ist"}
    return {"en": "a size that is a multiple of 32", "de": "einer Größe, die ein Vielfaches von 32 ist"}


def _shape_class(sides: tuple[int, ...]) -> Text:
    if 1 in sides and len(sides) > 2:
        return {"en": "a shape with an axis of length 1", "de": "einer Form mit einer Achse der Länge 1"}
    if 1 in sides:
        return {"en": "a single row or column", "de": "einer einzelnen Zeile oder Spalte"}
    if all(side % 32 for side in sides):
        return {
            "en": "a shape whose sides are no multiples of 32",
            "de": "einer Form, deren Seiten keine Vielfachen von 32 sind",
        }
    if any(side % 32 for side in sides):
        return {
            "en": "a shape with a side that is no multiple of 32",
            "de": "einer Form mit einer Seite, die kein Vielfaches von 32 ist",
        }
    return {
        "en": "a shape whose sides are multiples of 32",
        "de": "einer Form, deren Seiten Vielfache von 32 sind",
    }


def launch_class(threads: int, elements: int) -> Text:
    """Another launch shape than the ordinary one."""
    if threads < elements:
        return {
            "en": "a launch with fewer threads than elements",
            "de": "einem Start mit weniger Threads als Elementen",
        }
    return {"en": "another launch shape", "de": "einer anderen Startform"}
