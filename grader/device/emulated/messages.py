"""What the emulated GPU says about a kernel, in German and English. Imports the interface only."""

from __future__ import annotations

from grader.device.interface import Dim3, Finding

Text = dict[str, str]


def _where(thread: Dim3, block: Dim3) -> tuple[str, str]:
    def short(index: Dim3) -> str:
        used = max((i for i in range(3) if index[i]), default=0)
        return str(index[0]) if used == 0 else "(" + ", ".join(str(i) for i in index[: used + 1]) + ")"

    return (
        f"thread {short(thread)} of block {short(block)}",
        f"Thread {short(thread)} von Block {short(block)}",
    )


def _of_a_thread(
    kind: str,
    en: str,
    de: str,
    line: int | None,
    thread: Dim3,
    block: Dim3,
    other: int | None = None,
    what: tuple[str, str] = ("", ""),
    whatever: tuple[str, str] = ("", ""),
) -> Finding:
    """A finding about one thread, which stands at `{who}` in the sentences; at `{what}` stands what it touched.

    The general sentences say neither which thread nor which element: sizes and launch shapes of a hidden test could be
    read from them.
    """
    who = _where(thread, block)
    return Finding(
        kind,
        {"en": en.format(who=who[0], what=what[0]), "de": de.format(who=who[1], what=what[1])},
        general={
            "en": en.format(who="a thread", what=whatever[0]),
            "de": de.format(who="ein Thread", what=whatever[1]),
        },
        line=line,
        other_line=other,
        thread=thread,
        block=block,
    )


def out_of_bounds(
    line: int | None, thread: Dim3, block: Dim3, write: bool, index: int | None, length: int, place: str
) -> Finding:
    """`index` and `length` in elements of the access; `place` is global, shared or local."""
    verb_en, verb_de = ("writes", "schreibt") if write else ("reads", "liest")
    whatever = ("outside its arrays", "außerhalb seiner Arrays")
    if index is None:
        what = ("at an address that belongs to no array", "an einer Adresse, die zu keinem Array gehört")
    else:
        what = (
            f"element {index} of an array with {length} elements",
            f"Element {index} eines Arrays mit {length} Elementen",
        )
    at_en, at_de = (" in shared memory", " im Shared Memory") if place == "shared" else ("", "")
    return _of_a_thread(
        "out-of-bounds",
        f"{{who}} {verb_en} {{what}}{at_en}. "
        "Guard the access: only threads whose index lies inside the array may reach it.",
        f"{{who}} {verb_de} {{what}}{at_de}. "
        "Sichere den Zugriff: Nur Threads, deren Index im Array liegt, dürfen ihn erreichen.",
        line,
        thread,
        block,
        what=what,
        whatever=whatever,
    )


def race(
    line: int | None,
    other: int | None,
    thread: Dim3,
    block: Dim3,
    mine: str,
    theirs: str,
    shared: bool,
    same_block: bool,
) -> Finding:
    """`mine` and `theirs` are read, write or atomic."""
    verbs_en = {"read": "reads", "write": "writes", "atomic": "updates"}
    verbs_de = {"read": "liest", "write": "schreibt", "atomic": "ändert"}
    partner_en = "another thread of the block" if same_block else "a thread of another block"
    partner_de = "ein anderer Thread des Blocks" if same_block else "ein Thread eines anderen Blocks"
    at_en = f" (line {other})" if other else ""
    at_de = f" (Zeile {other})" if other else ""
    if same_block and (shared or other != line):
        mend_en = "Nothing orders the two: put cuda.syncthreads() between them."
        mend_de = "Nichts ordnet die beiden: Setze cuda.syncthreads() dazwischen."
    else:
        mend_en = "Nothing orders the two: give each thread its own element, or use an atomic operation."
        mend_de = "Nichts ordnet die beiden: Gib jedem Thread ein eigenes Element oder nimm eine atomare Operation."
    place_en = "shared memory" if shared else "global memory"
    place_de = "Shared Memory" if shared else "globalen Speicher"
    return _of_a_thread(
        "race",
        f"{{who}} {verbs_en[mine]} a place in {place_en} that {partner_en} {verbs_en[theirs]}{at_en}. {mend_en}",
        f"{{who}} {verbs_de[mine]} eine Stelle im {place_de}, die {partner_de} {verbs_de[theirs]}{at_de}. {mend_de}",
        line,
        thread,
        block,
        other,
    )


def uninitialised(line: int | None, thread: Dim3, block: Dim3, shared: bool) -> Finding:
    place_en = "shared memory" if shared else "an output array"
    place_de = "aus dem Shared Memory" if shared else "aus einem Ausgabe-Array"
    return _of_a_thread(
        "uninitialised",
        f"{{who}} reads a value from {place_en} that no thread has written. Write it before it is read.",
        f"{{who}} liest einen Wert {place_de}, den kein Thread geschrieben hat. Schreibe ihn vor dem Lesen.",
        line,
        thread,
        block,
    )


def divergent_barrier(line: int | None, other: int | None, thread: Dim3, block: Dim3) -> Finding:
    at_en = f"; others wait at line {other}" if other and other != line else ""
    at_de = f"; andere warten in Zeile {other}" if other and other != line else ""
    return _of_a_thread(
        "barrier",
        f"{{who}} waits at a barrier that not all threads of its block reach{at_en}. "
        "Move cuda.syncthreads() out of the branch, so that every thread meets it.",
        f"{{who}} wartet an einer Barriere, die nicht alle Threads des Blocks erreichen{at_de}. "
        "Ziehe cuda.syncthreads() aus der Verzweigung, damit alle Threads sie erreichen.",
        line,
        thread,
        block,
        other,
    )


def no_such_barrier(line: int | None, thread: Dim3, block: Dim3) -> Finding:
    return _of_a_thread(
        "barrier",
        "{who} comes to a barrier that does not exist: numbers go from 0 to 15, and a count is a multiple of 32.",
        "{who} kommt zu einer Barriere, die es nicht gibt: Nummern gehen von 0 bis 15, und eine Anzahl ist ein "
        "Vielfaches von 32.",
        line,
        thread,
        block,
    )


def incomplete_exchange(line: int | None, other: int | None, thread: Dim3, block: Dim3) -> Finding:
    at_en = f"; others wait at line {other}" if other and other != line else ""
    at_de = f"; andere warten in Zeile {other}" if other and other != line else ""
    return _of_a_thread(
        "barrier",
        f"{{who}} waits at a warp operation for lanes of its mask that do not come to it{at_en}. "
        "Let every lane of the mask reach it with this mask, or name in the mask only those that do.",
        f"{{who}} wartet an einer Warp-Operation auf Lanes seiner Maske, die nicht zu ihr kommen{at_de}. "
        "Lass jede Lane der Maske sie mit dieser Maske erreichen, oder nenne in der Maske nur die, die es tun.",
        line,
        thread,
        block,
        other,
    )


def not_in_mask(line: int | None, thread: Dim3, block: Dim3) -> Finding:
    return _of_a_thread(
        "barrier",
        "{who} executes a warp operation whose mask does not name its own lane. "
        "A mask must hold the lane of every thread that executes the operation.",
        "{who} führt eine Warp-Operation aus, deren Maske die eigene Lane nicht nennt. "
        "Eine Maske muss die Lane jedes Threads enthalten, der die Operation ausführt.",
        line,
        thread,
        block,
    )


def no_lane_gave(line: int | None, thread: Dim3, block: Dim3) -> Finding:
    return _of_a_thread(
        "uninitialised",
        "{who} uses a value that it took here from a lane which does not take part: that value is undefined. "
        "Shuffle only among lanes that are in the mask and have not returned, or do not use the result.",
        "{who} benutzt einen Wert, den er hier von einer Lane nahm, die nicht teilnimmt: Dieser Wert ist "
        "unbestimmt. Tausche nur unter Lanes, die in der Maske stehen und nicht beendet sind, oder benutze das "
        "Ergebnis nicht.",
        line,
        thread,
        block,
    )


def step_limit(line: int | None, thread: Dim3, block: Dim3) -> Finding:
    return _of_a_thread(
        "step-limit",
        "The kernel did not end: {who} was still running when the step limit was reached. "
        "Check that the loop's condition becomes false and its counter moves on.",
        "Der Kernel endete nicht: {who} lief noch, als die Schrittgrenze erreicht war. "
        "Prüfe, ob die Bedingung der Schleife falsch wird und ihr Zähler weiterläuft.",
        line,
        thread,
        block,
    )


def not_resident(line: int | None, thread: Dim3, block: Dim3, resident: int, blocks: int) -> Finding:
    return _of_a_thread(
        "residency",
        "{who} waits for a block that cannot start: {what}. "
        "Launch no more blocks than the GPU holds, or do not let blocks wait for later ones.",
        "{who} wartet auf einen Block, der nicht starten kann: {what}. "
        "Starte nicht mehr Blöcke, als die GPU fasst, oder lass Blöcke nicht auf spätere warten.",
        line,
        thread,
        block,
        what=(
            f"the GPU holds {resident} of these {blocks} blocks at once, and all of them wait",
            f"Die GPU fasst {resident} dieser {blocks} Blöcke zugleich, und alle warten",
        ),
        whatever=(
            "the GPU holds only some of the blocks at once, and all of them wait",
            "Die GPU fasst nur einen Teil der Blöcke zugleich, und alle warten",
        ),
    )


def grid_not_resident(resident: int, blocks: int) -> Finding:
    return Finding(
        "residency",
        {
            "en": f"The kernel lets all blocks of the grid wait for each other, and the GPU holds {resident} of these "
            f"{blocks} at once: it does not launch it. Launch fewer blocks, and let each do more in a loop.",
            "de": f"Der Kernel lässt alle Blöcke des Gitters aufeinander warten, und die GPU fasst {resident} dieser "
            f"{blocks} zugleich: Sie startet ihn nicht. Starte weniger Blöcke, und lass jeden mehr tun, in einer "
            "Schleife.",
        },
        general={
            "en": "The kernel lets all blocks of the grid wait for each other, and the GPU does not hold all at once: "
            "it does not launch it. Launch fewer blocks, and let each do more in a loop.",
            "de": "Der Kernel lässt alle Blöcke des Gitters aufeinander warten, und die GPU fasst nicht alle zugleich: "
            "Sie startet ihn nicht. Starte weniger Blöcke, und lass jeden mehr tun, in einer Schleife.",
        },
    )


def grid_never_meets(line: int | None, thread: Dim3, block: Dim3) -> Finding:
    return _of_a_thread(
        "barrier",
        "{who} waits at a barrier of the whole grid that not every block reaches. "
        "Let all blocks come to it equally often: take it out of branches and loops that differ between blocks.",
        "{who} wartet an einer Barriere des ganzen Gitters, die nicht jeder Block erreicht. "
        "Lass alle Blöcke gleich oft zu ihr kommen: Nimm sie aus Verzweigungen und Schleifen, die sich je Block "
        "unterscheiden.",
        line,
        thread,
        block,
    )


def trap(line: int | None, thread: Dim3, block: Dim3, said: str = "") -> Finding:
    """`said` is the text of a failed assertion."""
    what_en, what_de = "an assertion or a trap was hit", "Eine Zusicherung oder ein Trap wurde ausgelöst"
    if said:
        what_en, what_de = f"the assertion {said} does not hold", f"Die Zusicherung {said} gilt nicht"
    what_en, what_de = (text.replace("{", "{{").replace("}", "}}") for text in (what_en, what_de))
    return _of_a_thread(
        "trap",
        f"{{who}} stopped the kernel: {what_en}.",
        f"{{who}} hat den Kernel abgebrochen: {what_de}.",
        line,
        thread,
        block,
    )


def stack_overflow(line: int | None, thread: Dim3, block: Dim3) -> Finding:
    return _of_a_thread(
        "step-limit",
        "{who} calls functions too deep, one in the other: the stack of a thread is small. "
        "Check that the recursion ends, or write a loop.",
        "{who} ruft Funktionen zu tief ineinander auf: Der Stapel eines Threads ist klein. "
        "Prüfe, ob die Rekursion endet, oder schreibe eine Schleife.",
        line,
        thread,
        block,
    )


def unsupported(instruction: str, line: int | None) -> Finding:
    return Finding(
        "unsupported",
        {
            "en": f"The emulated GPU does not know the instruction {instruction}; the kernel was not run.",
            "de": f"Die emulierte GPU kennt den Befehl {instruction} nicht; der Kernel wurde nicht ausgeführt.",
        },
        line=line,
    )


def refused(reason: str) -> Finding:
    return Finding(
        "unsupported",
        {
            "en": f"The kernel's PTX was refused: {reason}.",
            "de": f"Das PTX des Kernels wurde abgewiesen: {reason}.",
        },
    )


def other_arguments(parameters: int, arguments: int) -> Finding:
    return bad_launch(
        {
            "en": f"The kernel takes {parameters} arguments, the launch brings {arguments}.",
            "de": f"Der Kernel nimmt {parameters} Argumente, der Start bringt {arguments}.",
        }
    )


def other_size(number: int, parameter: int, argument: int) -> Finding:
    """`number` counts the kernel's parameters from 1; sizes are in bytes."""
    return bad_launch(
        {
            "en": f"Argument {number} has {argument} bytes, the kernel's parameter {parameter}. A Python int arrives "
            "as long long and a float as double, with 8 bytes each: write np.int32(...) or np.float32(...) where the "
            "kernel takes int or float.",
            "de": f"Argument {number} hat {argument} Byte, der Parameter des Kernels {parameter}. Ein int von Python "
            "kommt als long long an, ein float als double, mit je 8 Byte: schreibe np.int32(...) oder np.float32(...), "
            "wo der Kernel int oder float nimmt.",
        }
    )


def bad_launch(text: Text) -> Finding:
    return Finding("launch", text)


def float64(line: int | None, count: int, instructions: int) -> Finding:
    return Finding(
        "float64",
        {
            "en": "This line computes in float64, which most GPUs do far slower than float32. "
            "If float32 is meant, write constants as np.float32(...) and keep the arrays float32.",
            "de": "Diese Zeile rechnet in float64, was die meisten GPUs viel langsamer tun als float32. "
            "Ist float32 gemeint, schreibe Konstanten als np.float32(...) und halte die Arrays in float32.",
        },
        line=line,
        count=count,
        waste=instructions,
    )


def uncoalesced(line: int | None, ratio: float, count: int, waste: int) -> Finding:
    return Finding(
        "uncoalesced",
        {
            "en": f"Only {ratio:.0%} of the memory traffic of this line is used: neighbouring threads touch places far "
            "apart. Let neighbouring threads touch neighbouring elements.",
            "de": f"Nur {ratio:.0%} des Speicherverkehrs dieser Zeile wird genutzt: Benachbarte Threads greifen weit "
            "auseinander zu. Lass benachbarte Threads benachbarte Elemente anfassen.",
        },
        line=line,
        count=count,
        waste=waste,
    )


def bank_conflict(line: int | None, degree: float, count: int) -> Finding:
    return Finding(
        "bank-conflict",
        {
            "en": f"The threads of a warp meet in the same shared-memory bank, {degree:.0f} at a time. "
            "Pad the array's rows by one element, or change the index.",
            "de": f"Die Threads eines Warps treffen sich in derselben Bank des Shared Memory, je {degree:.0f}. "
            "Verlängere die Zeilen des Arrays um ein Element oder ändere den Index.",
        },
        line=line,
        count=count,
        waste=count,
    )


def divergence(line: int | None, share: float, empty: int) -> Finding:
    return Finding(
        "divergence",
        {
            "en": f"Threads of a warp go different ways: on average {share:.0%} of its lanes work, and most others "
            "idle at this line. Let all threads of a warp take the same branch, or spread the work over more threads.",
            "de": f"Threads eines Warps gehen verschiedene Wege: Im Mittel arbeiten {share:.0%} seiner Lanes, und die "
            "meisten anderen ruhen bei dieser Zeile. Lass alle Threads eines Warps denselben Zweig nehmen oder "
            "verteile die Arbeit auf mehr Threads.",
        },
        line=line,
        waste=empty,
    )


def occupancy(share: float, blocks: int, shared_bytes: int) -> Finding:
    return Finding(
        "occupancy",
        {
            "en": f"A multiprocessor holds {blocks} of these blocks at once, {share:.0%} of the threads it could: each "
            f"takes {shared_bytes} bytes of shared memory. Use larger blocks, or less shared memory in each.",
            "de": f"Ein Multiprozessor fasst {blocks} dieser Blöcke zugleich, {share:.0%} der möglichen Threads: Ein "
            f"Block nimmt {shared_bytes} Byte Shared Memory. Nimm größere Blöcke oder weniger Shared Memory je Block.",
        },
    )


def same_value(line: int | None, thread: Dim3, block: Dim3) -> Finding:
    return Finding(
        "same-value",
        {
            "en": "Several threads write the same value to the same place. One of them is enough.",
            "de": "Mehrere Threads schreiben denselben Wert an dieselbe Stelle. Einer von ihnen genügt.",
        },
        line=line,
        thread=thread,
        block=block,
    )
