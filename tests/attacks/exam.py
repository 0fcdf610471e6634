"""Attacks examined in a room, as the product would."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.exam.room import ExamLimits, ExamRoom, SubmissionError
from grader.exam.verdict import Verdict
from tests.attacks.case import RIGHT, Attack

LIMITS = ExamLimits(
    cell_seconds=3,
    call_seconds=1.5,
    notebook_seconds=40,
    file_bytes=1 << 26,
    folder_bytes=1 << 27,
    folder_files=1000,
    threads=200,
    message_bytes=32 << 20,
    memory_bytes=3 << 30,
)
HONEST = Attack("an honest submission", "", RIGHT, honest=10)
#: After an exam with one of these something was killed.
_ENDED = {"timeout", "crashed", "review", "error"}
#: How often an honest submission follows where nothing was.
_EVERY = 10


@dataclass(frozen=True)
class Sat:
    """What came of an attack: a verdict, or None where it was refused; what an honest submission in the same room got
    after it, where one was examined; and what the exams left in the room's folder."""

    verdict: Verdict | None
    honest_after: float | None
    left: list[str]


def examine(room: ExamRoom, folder: Path, attack: Attack) -> Verdict:
    """The verdict on an attack, after the submission that prepared it. Raises SubmissionError."""
    (folder / "unit.ipynb").write_bytes(attack.source)
    for name, text in attack.beside.items():
        (folder / name).write_text(text)
    if attack.earlier is not None:
        room.examine(folder, "unit", {"unit.ipynb": attack.answered({"answer": attack.earlier})})
    return room.examine(folder, "unit", {"unit.ipynb": attack.notebook(), **attack.files})


def learners_copy(verdict: Verdict) -> str:
    """All that a learner can read of a verdict."""
    return json.dumps([verdict.public("en"), verdict.public("de")], ensure_ascii=False)


@contextmanager
def sittings(attacks: list[Attack], folder: Path, rooms: int) -> Iterator[dict[str, Future[Sat]]]:
    """Every attack's exam by its name, in so many rooms at a time."""
    here = threading.local()
    with ExitStack() as held:

        def sit(number: int, attack: Attack) -> Sat:
            if not hasattr(here, "room"):
                place = Path(tempfile.mkdtemp(dir=folder))
                here.room = held.enter_context(ExamRoom(LIMITS, device="emulated", scratch=place))
                here.scratch = place
            try:
                verdict = examine(here.room, Path(tempfile.mkdtemp(dir=folder)), attack)
            except SubmissionError:
                verdict = None
            honest = None
            if number % _EVERY == 0 or verdict is None or _ENDED & {cell.outcome for cell in verdict.cells}:
                honest = examine(here.room, Path(tempfile.mkdtemp(dir=folder)), HONEST).score
            return Sat(verdict, honest, [path.name for path in here.scratch.iterdir()])

        with ThreadPoolExecutor(rooms) as pool:
            try:
                yield {attack.name: pool.submit(sit, number, attack) for number, attack in enumerate(attacks)}
            finally:
                pool.shutdown(cancel_futures=True)
