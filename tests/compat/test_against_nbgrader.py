"""Unmodified nbgrader assignments get the scores of stock nbgrader, cell by cell, in one run of both.

The differences that there are belong to what the documentation lists: output on stderr costs no points, a result that a
learner forged is none. Where nbgrader itself gives up on a submission there is no score to compare.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.course.modes import Mode, tried
from grader.course.opened import open_course
from grader.exam.room import ExamLimits, ExamRoom
from grader.exam.verdict import Verdict
from tests.compat.assignments import ASSIGNMENTS
from tests.compat.course import write

pytestmark = pytest.mark.timeout(1200)

WORKERS = 2
QUICKSTART = ["quickstart", "quickstart-autotest"]
NAMES = [*QUICKSTART, *(assignment.name for assignment in ASSIGNMENTS)]
#: Person and cell of each difference: (points by nbgrader, points by ours).
EXCEPTIONS = {
    # What is written to stderr costs no points.
    "stderr": {("warning", "stderr/f-test"): (0, 2), ("printing", "stderr/f-test"): (0, 2)},
    # Numba's warning about host arrays goes there, too.
    "numba-cuda": {
        ("model", "numba-cuda/host-arrays"): (0, 2),
        ("model", "numba-cuda/own-kernel"): (0, 2),
        ("host", "numba-cuda/own-kernel"): (0, 2),
    },
    # A `sum` and a `len` of the learner's own do not reach the tests.
    "rebound": {("shadowing", "rebound/total"): (0, 2)},
}
MODES = {assignment.name: assignment.mode for assignment in ASSIGNMENTS if assignment.mode is not None}
MODES |= dict.fromkeys(QUICKSTART, "examiner")


@dataclass(frozen=True)
class Marked:
    """One assignment: the mode that was found, stock's results and our verdicts, by person."""

    mode: Mode
    stock: dict[str, Any]
    ours: dict[str, Verdict]


def quickstart(folder: Path, *options: str) -> Path:
    """The course that `nbgrader quickstart` writes."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "quickstart", folder.name, *options],
        cwd=folder.parent,
        capture_output=True,
        text=True,
    )
    assert (folder / "source" / "ps1").is_dir(), done.stderr
    return folder


def mark(root: Path) -> dict[str, Marked]:
    """A whole course folder, by stock nbgrader and then by ours, which gets its sources alone."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.compat.stock", str(root)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-4000:]
    stock = json.loads(done.stdout)
    bare = root.with_name(f"{root.name}-source")
    bare.mkdir()
    shutil.copytree(root / "source", bare / "source")
    if (root / "autotests.yml").exists():
        shutil.copy(root / "autotests.yml", bare)
    marked = {}
    with ExamRoom(ExamLimits(call_seconds=4), device="emulated", scratch=root.with_name(f"{root.name}-room")) as room:
        for name, people in stock.items():
            opened = open_course(bare, root.with_name(f"{root.name}-open"), room, [name])
            mode = tried(room, opened, name).mode
            verdicts = {}
            for person in people:
                handed_in = root / "submitted" / person / name
                files = {path.name: path.read_bytes() for path in handed_in.iterdir()}
                verdicts[person] = room.examine(
                    opened.source / name, name, files, given=opened.given(name, "en"), tests=mode.tests
                )
            marked[name] = Marked(mode, people, verdicts)
    return marked


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Marked]:
    folder = tmp_path_factory.mktemp("compat")
    roots = [folder / f"course-{number}" for number in range(WORKERS)]
    for number, assignment in enumerate(ASSIGNMENTS):
        write(assignment, roots[number % WORKERS])
    for number, (name, options) in enumerate(zip(QUICKSTART, ((), ("--autotest",)), strict=True)):
        made = quickstart(folder / name, *options)
        shutil.move(made / "source" / "ps1", roots[number] / "source" / name)
        if (made / "autotests.yml").exists():
            shutil.move(made / "autotests.yml", roots[number])
    found: dict[str, Marked] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        for part in pool.map(mark, roots):
            found |= part
    print("\n" + "\n".join(table(found)))
    return found


def differences(one: Marked) -> dict[tuple[str, str], tuple[float | None, float | None]]:
    """Cells with other points than stock nbgrader's, by person and cell."""
    found = {}
    for person, theirs in one.stock.items():
        scores = {f"{cell.notebook}/{cell.grade_id}": cell.score for cell in one.ours[person].cells}
        assert set(scores) == set(theirs["cells"])
        if not theirs["failed"]:
            found |= {
                (person, cell): (score, scores[cell])
                for cell, score in theirs["cells"].items()
                if scores[cell] != score
            }
    return found


def table(found: dict[str, Marked]) -> Iterator[str]:
    yield f"{'assignment':24} {'mode':12} {'submissions':>11} {'cells':>6} {'differences':>11}"
    for name in NAMES:
        one = found[name]
        cells = sum(len(person["cells"]) for person in one.stock.values())
        yield f"{name:24} {one.mode.tests:12} {len(one.stock):11} {cells:6} {len(differences(one)):11}"


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_has_nbgraders_score(marked: dict[str, Marked], name: str) -> None:
    assert differences(marked[name]) == EXCEPTIONS.get(name, {})


def test_where_nbgrader_gives_up_a_person_looks(marked: dict[str, Marked]) -> None:
    given_up = [one.ours[p] for one in marked.values() for p, result in one.stock.items() if result["failed"]]
    assert given_up
    assert all(verdict.needs_review for verdict in given_up)


@pytest.mark.parametrize("name", sorted(MODES))
def test_the_mode_is_what_the_tests_need(marked: dict[str, Marked], name: str) -> None:
    assert marked[name].mode.tests == MODES[name], marked[name].mode


def test_the_author_is_told_which_cell_needs_the_learners_process_and_why(marked: dict[str, Marked]) -> None:
    said = str(marked["exceptions"].mode)
    assert "exceptions, own-class, model solution: 0 from the examiner, 2 inside (TypeError: catching classes" in said


def test_the_submissions_are_right_partly_right_and_wrong(marked: dict[str, Marked]) -> None:
    for name, one in marked.items():
        graded = {person: result for person, result in one.stock.items() if not result["failed"]}
        totals = {sum(score or 0 for score in result["cells"].values()) for result in graded.values()}
        assert len(totals) > 1, name
