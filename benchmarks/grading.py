"""How long a verdict takes, and how many a minute come from a full queue, beside stock nbgrader.

`python -m benchmarks.grading [COUNT]`. The peer marks the same notebooks with the same checks in its own kernel on the
same emulated GPU; its test cells end in a number, which is how nbgrader gives a part of the points.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ComputeChecksums
from rich.console import Console
from rich.table import Table

from benchmarks.room import COURSE, FOLDER, UNIT, hand_in, nbgrader, notebooks, platform, wait_for, workers
from grader.course.build import build
from grader.device.kernel import write_kernelspec
from grader.exam.verdict import Verdict
from grader.records.convert import Converter
from grader.store import Store

SINGLE = 9


def score(store: Store, submission: str) -> float:
    text = store.verdict(submission)
    assert text is not None
    return Verdict.model_validate_json(text).score


def ours(contents: list[bytes], count: int) -> tuple[list[float], float, list[float]]:
    """(seconds from submit to grade one by one, seconds for the full queue, scores)."""
    with platform() as (_settings, file, store):
        with workers(file, 1):
            wait_for(store, [hand_in(store, "warm", contents[0])])
            single = []
            for number in range(SINGLE):
                started = time.perf_counter()
                wait_for(store, [hand_in(store, f"single-{number}", contents[number % len(contents)])])
                single.append(time.perf_counter() - started)
        with workers(file, count):
            wait_for(store, [hand_in(store, f"warm-{n}", contents[1]) for n in range(2 * count)])
            started = time.perf_counter()
            ids = [hand_in(store, f"person-{n}", content) for n, content in enumerate(contents)]
            wait_for(store, ids)
            full = time.perf_counter() - started
        return single, full, [score(store, one) for one in ids]


def theirs(contents: list[bytes]) -> tuple[float, list[float]]:
    """(seconds for all submissions by `nbgrader autograde`, scores)."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "course"
        build(FOLDER, Path(scratch) / "bundle")
        shutil.copytree(Path(scratch) / "bundle" / "source" / UNIT, root / "source" / UNIT)
        source = root / "source" / UNIT / f"{UNIT}.ipynb"
        made = nbformat.read(source, 4)
        for cell in made.cells:
            marks = cell.metadata.get("nbgrader", {})
            if marks.get("grade") and cell.cell_type == "code":
                *before, last, end = cell.source.splitlines()
                value = f"{marks['points']} * report.score / report.max_score"
                cell.source = "\n".join([*before, f"report = {last}", value, end])
        made, _ = ComputeChecksums().preprocess(made, {})
        nbformat.write(made, source)
        gradebook = f"sqlite:///{root / 'gradebook.db'}"
        converter = Converter()
        converter.run(
            {
                "kind": "generate",
                "root": str(root),
                "course": COURSE,
                "gradebook": gradebook,
                "assignment": UNIT,
                "deadline": None,
            }
        )
        converter.close()
        for number, content in enumerate(contents):
            folder = root / "submitted" / f"person-{number}" / UNIT
            folder.mkdir(parents=True)
            (folder / f"{UNIT}.ipynb").write_bytes(content)
        write_kernelspec(Path(scratch) / "share" / "kernels", python=sys.executable, language="en", device="emulated")
        started = time.perf_counter()
        nbgrader(
            "autograde",
            UNIT,
            f"--CourseDirectory.root={root}",
            f"--CourseDirectory.course_id={COURSE}",
            f"--CourseDirectory.db_url={gradebook}",
            cwd=root,
            JUPYTER_PATH=str(Path(scratch) / "share"),
        )
        seconds = time.perf_counter() - started
        with Gradebook(gradebook, COURSE) as book:
            return seconds, [book.find_submission(UNIT, f"person-{n}").score for n in range(len(contents))]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    cores = len(os.sched_getaffinity(0))
    contents = notebooks(count)
    single, full, our_scores = ours(contents, cores)
    their_seconds, their_scores = theirs(contents)
    console = Console(width=110)
    table = Table(title=f"{UNIT}, emulated GPU, {cores} cores, {count} submissions")
    for heading in ("", "Lehrwerk", "nbgrader autograde", "ratio"):
        table.add_column(heading)
    median = statistics.median(single)
    table.add_row("submit to grade, median (s)", f"{median:.2f}", f"{their_seconds / count:.2f} a submission", "")
    table.add_row(
        f"verdicts a minute, full queue ({cores} workers)",
        f"{60 * count / full:.0f}",
        f"{60 * count / their_seconds:.0f}",
        f"{their_seconds / full:.1f}",
    )
    same = sum(a == b for a, b in zip(our_scores, their_scores, strict=True))
    table.add_row("same scores", f"{same} of {count}", "", "")
    console.print(table)
    for number, (a, b) in enumerate(zip(our_scores, their_scores, strict=True)):
        if a != b:
            console.print(f"submission {number}: {a:g} against {b:g}")


if __name__ == "__main__":
    main()
