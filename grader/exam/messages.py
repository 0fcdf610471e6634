"""What the exam says to a learner, in German and English. Holds no hidden value. Imports the verdict's model only."""

from __future__ import annotations

from grader.exam.verdict import ExamFinding


def _finding(
    kind: str, en: str, de: str, line: int | None = None, cell: str | None = None, evidence: str | None = None
) -> ExamFinding:
    return ExamFinding(kind=kind, message={"en": en, "de": de}, line=line, cell=cell, evidence=evidence)


def learner_exception(name: str, line: int | None, cell: str | None, evidence: str | None) -> ExamFinding:
    at_en = f" in line {line}" if line else ""
    at_de = f" in Zeile {line}" if line else ""
    return _finding(
        "exception",
        f"Your code stopped with {name}{at_en}.",
        f"Dein Code brach mit {name}{at_de} ab.",
        line,
        cell,
        evidence,
    )


def cell_error(name: str, text: str, line: int | None, cell: str) -> ExamFinding:
    """`text` is the exception's own, or '' where it could carry what a hidden test showed."""
    at_en = f", line {line}" if line else ""
    at_de = f", Zeile {line}" if line else ""
    said = f": {text}" if text else "."
    return _finding(
        "exception",
        f"The cell {cell}{at_en} stopped with {name}{said}"[:600],
        f"Die Zelle {cell}{at_de} brach mit {name} ab{said}"[:600],
        line,
        cell,
    )


def assertion(name: str, evidence: str | None) -> ExamFinding:
    if name == "AssertionError":
        return _finding(
            "assertion",
            "A test of this cell did not hold for your solution.",
            "Eine Prüfung dieser Zelle hielt für deine Lösung nicht.",
            evidence=evidence,
        )
    return _finding(
        "assertion",
        f"A test of this cell could not use what your solution returned ({name}).",
        f"Eine Prüfung dieser Zelle konnte nicht verwenden, was deine Lösung zurückgab ({name}).",
        evidence=evidence,
    )


def undefined(name: str, evidence: str | None = None) -> ExamFinding:
    return _finding(
        "missing-name",
        f"The name {name} is not defined. Keep the name that the exercise gives, and run the cell without an error.",
        f"Der Name {name} ist nicht definiert. Behalte den Namen aus der Aufgabe und führe die Zelle fehlerfrei aus.",
        evidence=evidence,
    )


def timeout(seconds: float) -> ExamFinding:
    return _finding(
        "timeout",
        f"Your code was still running after {seconds:g} seconds and was stopped. Look for a loop that does not end.",
        f"Dein Code lief nach {seconds:g} Sekunden noch und wurde beendet. Suche nach einer Schleife ohne Ende.",
    )


def crashed(evidence: str | None = None) -> ExamFinding:
    return _finding(
        "crashed",
        "The process that ran your code ended. It may have used too much memory, or ended itself.",
        "Der Prozess mit deinem Code endete. Vielleicht brauchte er zu viel Speicher, oder er beendete sich selbst.",
        evidence=evidence,
    )


def test_hung(seconds: float) -> ExamFinding:
    return _finding(
        "timeout",
        f"A test was still busy with what your solution returned after {seconds:g} seconds and was stopped.",
        f"Eine Prüfung war nach {seconds:g} Sekunden noch mit dem beschäftigt, was deine Lösung zurückgab, "
        "und wurde beendet.",
    )


def not_examined(evidence: str | None = None) -> ExamFinding:
    return _finding(
        "not-examined",
        "This cell could not be examined to the end. That costs you nothing; a person looks at it.",
        "Diese Zelle ließ sich nicht zu Ende prüfen. Das kostet dich nichts; ein Mensch sieht sie sich an.",
        evidence=evidence,
    )


def refused_kernel() -> dict[str, str]:
    return {
        "en": "Your kernel could not be compiled for what this exercise asks. Run the cell's own check to see why.",
        "de": "Dein Kernel ließ sich nicht so übersetzen, wie es die Aufgabe verlangt. "
        "Warum, zeigt die Prüfung in der Zelle selbst.",
    }


def somewhere(kind: str) -> dict[str, str]:
    return {
        "en": f"The device found a fault of this kind in your kernel, outside the lines of your cells: {kind}.",
        "de": f"Das Gerät fand in deinem Kernel einen Fehler dieser Art, außerhalb der Zeilen deiner Zellen: {kind}.",
    }


def foreign_cell(cell: str) -> ExamFinding:
    return _finding(
        "foreign-cell",
        f"The cell {cell} does not belong to this assignment. It is run like a cell of your own and gives no points.",
        f"Die Zelle {cell} gehört nicht zu dieser Aufgabe. Sie läuft wie eine eigene Zelle und gibt keine Punkte.",
        cell=cell,
    )


def missing_cell(cell: str) -> ExamFinding:
    return _finding(
        "missing-cell",
        f"The cell {cell} is missing from your notebook. Fetch the assignment again and copy your solution over.",
        f"Die Zelle {cell} fehlt in deinem Notebook. Hole die Aufgabe neu und kopiere deine Lösung hinein.",
        cell=cell,
    )


def untouched(cell: str) -> ExamFinding:
    return _finding(
        "unwritten",
        f"You left the cell {cell} as it was.",
        f"Du hast die Zelle {cell} so gelassen, wie sie war.",
        cell=cell,
    )


def duplicate_cell(cell: str) -> ExamFinding:
    return _finding(
        "duplicate-cell",
        f"The cell {cell} stands in your notebook more than once; the first one counts.",
        f"Die Zelle {cell} steht mehrfach in deinem Notebook; die erste zählt.",
        cell=cell,
    )


def missing_notebook(name: str) -> ExamFinding:
    return _finding(
        "missing-cell",
        f"The notebook {name} is missing from your submission.",
        f"Das Notebook {name} fehlt in deiner Abgabe.",
    )


def not_a_notebook(name: str, why: str) -> dict[str, str]:
    return {
        "en": f"{name} is not a notebook that can be read ({why}). Save it in JupyterLab and submit it again.",
        "de": f"{name} ist kein lesbares Notebook ({why}). Speichere es in JupyterLab und gib es neu ab.",
    }


def no_notebook(names: list[str]) -> dict[str, str]:
    wanted = ", ".join(names)
    return {
        "en": f"The submission holds none of the assignment's notebooks ({wanted}). Check the file's name.",
        "de": f"Die Abgabe enthält kein Notebook der Aufgabe ({wanted}). Prüfe den Dateinamen.",
    }
