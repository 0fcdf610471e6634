"""How many submissions a minute, beside stock nbgrader on the same notebooks, with the same scores.

`python -m benchmarks.throughput [COUNT]`. Two assignments: five graded cells with one Numba kernel, which stock
nbgrader runs on Numba's simulator, and `ps1` of `nbgrader quickstart`. Ours goes the whole way, from the store's queue
to the gradebook, with one worker for each core. Stock is measured twice: as people call it, one
`nbgrader autograde --student` for each, and as one process over all. The three take turns in rounds; medians over the
rounds.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from rich.console import Console
from rich.table import Table

from benchmarks.room import hand_in_files, nbgrader, plain_platform, wait_for, workers
from grader.exam.verdict import Verdict
from tests.notebooks import given, notebook, solution, test

ROUNDS = 5

FIVE_CELLS = notebook(
    given("import numpy as np\nfrom numba import cuda"),
    solution("clip", "def clip(x, low, high):\n    return np.minimum(np.maximum(x, low), high)"),
    test("clip-test", 2, "assert np.array_equal(clip(np.arange(5), 1, 3), [1, 1, 2, 3, 3])"),
    solution("mean", "def mean(x):\n    return sum(x) / len(x)"),
    test("mean-test", 2, "assert mean([1, 2, 6]) == 3\nassert mean([4]) == 4"),
    solution("words", "def words(text):\n    return len(text.split())"),
    test("words-test", 2, "assert words('a b  c') == 3\nassert words('') == 0"),
    solution("smooth", "def smooth(x):\n    return (x[:-1] + x[1:]) / 2"),
    test("smooth-test", 2, "assert np.allclose(smooth(np.array([1.0, 3.0, 5.0])), [2, 4])"),
    solution(
        "scale",
        "@cuda.jit\ndef scale(a, x, out):\n    i = cuda.grid(1)\n    if i < out.size:\n        out[i] = a * x[i]",
    ),
    test(
        "scale-test",
        4,
        "x = np.arange(100, dtype=np.float32)\nout = np.zeros_like(x)\nscale[4, 32](np.float32(3), x, out)\n"
        "assert np.array_equal(out, 3 * x)",
    ),
)
#: Answers by turns: right, and wrong ones.
WRONG = {
    "mean": "def mean(x):\n    return sum(x)",
    "words": "def words(text):\n    return text.count(' ') + 1",
    "scale": "@cuda.jit\ndef scale(a, x, out):\n    i = cuda.grid(1)\n    if i < out.size:\n        out[i] = x[i]",
}


@dataclass
class Case:
    """An assignment's source folder and the files of each submission."""

    name: str
    source: Path
    submissions: list[dict[str, bytes]]


@dataclass
class Side:
    """One way to mark a chunk: how, and what came of it."""

    label: str
    mark: Callable[[dict[str, dict[str, bytes]]], dict[str, float]]
    seconds: list[float] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=dict)

    def run(self, chunk: dict[str, dict[str, bytes]]) -> None:
        started = time.perf_counter()
        scores = self.mark(chunk)
        self.seconds.append((time.perf_counter() - started) / len(chunk))
        self.scores |= scores


def five_cells(folder: Path, count: int) -> Case:
    source = folder / "five" / "source" / "five"
    source.mkdir(parents=True)
    (source / "five.ipynb").write_bytes(FIVE_CELLS)
    names = list(WRONG)
    made = []
    for number in range(count):
        content = nbformat.reads(FIVE_CELLS.decode(), 4)
        for cell in content.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if number % 2 and grade_id == names[number // 2 % len(names)]:
                cell.source = WRONG[grade_id]
            elif cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source += f"\n# submission {number}"
        made.append({"five.ipynb": nbformat.writes(content).encode()})
    return Case("five", source.parents[1], made)


def quickstart(folder: Path, count: int) -> Case:
    stock("quickstart", "course", cwd=folder)
    source = folder / "course" / "source" / "ps1"
    made = []
    for number in range(count):
        files = {}
        for path in sorted(source.glob("*.ipynb")):
            content = nbformat.read(path, 4)
            for cell in content.cells:
                marks = cell.metadata.get("nbgrader", {})
                if marks.get("solution") and cell.cell_type == "code":
                    cell.source += f"\n# submission {number}"
                    if number % 2 and marks["grade_id"] == "squares":
                        cell.source = "def squares(n):\n    return [i ** 2 for i in range(n)]"
            files[path.name] = nbformat.writes(content).encode()
        for path in source.iterdir():
            if path.suffix != ".ipynb":
                files[path.name] = path.read_bytes()
        made.append(files)
    return Case("ps1", source.parents[1], made)


#: Stock nbgrader runs kernels on Numba's simulator.
stock = partial(nbgrader, NUMBA_ENABLE_CUDASIM="1")


class Stock:
    """A course folder of stock nbgrader's with this assignment generated."""

    def __init__(self, folder: Path, case: Case) -> None:
        self.root = folder
        self.case = case
        shutil.copytree(case.source / "source" / case.name, folder / "source" / case.name)
        (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'peer'\n")
        stock("generate_assignment", case.name, cwd=folder)

    def _lay_out(self, chunk: dict[str, dict[str, bytes]]) -> None:
        shutil.rmtree(self.root / "submitted", ignore_errors=True)
        for person, files in chunk.items():
            target = self.root / "submitted" / person / self.case.name
            target.mkdir(parents=True)
            for name, data in files.items():
                (target / name).write_bytes(data)

    def _scores(self, people: list[str]) -> dict[str, float]:
        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}", "peer") as book:
            return {person: float(book.find_submission(self.case.name, person).score) for person in people}

    def each(self, chunk: dict[str, dict[str, bytes]]) -> dict[str, float]:
        self._lay_out(chunk)
        for person in chunk:
            stock("autograde", self.case.name, "--create", "--student", person, cwd=self.root)
        return self._scores(list(chunk))

    def all_at_once(self, chunk: dict[str, dict[str, bytes]]) -> dict[str, float]:
        self._lay_out(chunk)
        stock("autograde", self.case.name, "--create", cwd=self.root)
        return self._scores(list(chunk))


@contextmanager
def ours(case: Case, count: int) -> Iterator[Callable[[dict[str, dict[str, bytes]]], dict[str, float]]]:
    """Workers that are warm, as they are on a platform that runs."""
    with plain_platform(case.source, case.name) as (file, store, course), workers(file, count):
        warm = [hand_in_files(store, course, case.name, f"warm-{n}", case.submissions[0]) for n in range(2 * count)]
        wait_for(store, warm)

        def mark(chunk: dict[str, dict[str, bytes]]) -> dict[str, float]:
            ids = {person: hand_in_files(store, course, case.name, person, files) for person, files in chunk.items()}
            wait_for(store, list(ids.values()))
            found = {}
            for person, one in ids.items():
                verdict = store.verdict(one)
                assert verdict is not None
                found[person] = Verdict.model_validate_json(verdict).score
            return found

        yield mark


def measure(case: Case, folder: Path, cores: int) -> list[Side]:
    with ours(case, cores) as mark:
        each, once = (Stock(folder / name / case.name, case) for name in ("each", "once"))
        sides = [
            Side("Lehrwerk", mark),
            Side("nbgrader autograde, one process", once.all_at_once),
            Side("nbgrader autograde --student", each.each),
        ]
        size = -(-len(case.submissions) // ROUNDS)
        people = {f"person-{n}": files for n, files in enumerate(case.submissions)}
        for start in range(0, len(people), size):
            chunk = dict(list(people.items())[start : start + size])
            for side in sides:
                side.run(chunk)
        return sides


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    cores = len(os.sched_getaffinity(0))
    console = Console(width=110)
    with tempfile.TemporaryDirectory() as scratch:
        for make in (five_cells, quickstart):
            case = make(Path(scratch), count)
            sides = measure(case, Path(scratch), cores)
            table = Table(title=f"{case.name}: {count} submissions, {cores} cores, medians of {ROUNDS} rounds")
            for heading in ("", "seconds a submission", "submissions a minute", "Lehrwerk is faster by"):
                table.add_column(heading)
            best = statistics.median(sides[0].seconds)
            for side in sides:
                median = statistics.median(side.seconds)
                table.add_row(side.label, f"{median:.3f}", f"{60 / median:.0f}", f"{median / best:.1f}")
            console.print(table)
            for other in sides[1:]:
                same = sum(sides[0].scores[person] == score for person, score in other.scores.items())
                console.print(f"same scores as {other.label}: {same} of {count}")


if __name__ == "__main__":
    main()
