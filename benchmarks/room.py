"""A platform in a temporary folder for benchmarks: published course, submissions, workers as on one machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from campus.publish import open_store, publish
from campus.settings import ENVIRONMENT, Settings, load
from grader.course.archives import pack_files
from grader.course.build import answered, notebook, released
from grader.course.reader import read
from grader.store import Store

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "courses" / "first-kernels"
COURSE, UNIT = "nord--first-kernels", "guarded-map"


@contextmanager
def platform() -> Iterator[tuple[Settings, Path, Store]]:
    """Settings, their file, and the store, with the first course published."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "lehrwerk.yaml"
        file.write_text(
            "data: data\nhub: {port: 0}\ntenants:\n"
            "  - {id: nord, name: {en: Benchmark}, courses: [{id: first-kernels}]}\n",
            encoding="utf-8",
        )
        settings = load(file)
        publish(settings, FOLDER, "nord", by="benchmark")
        store = open_store(settings)
        try:
            yield settings, file, store
        finally:
            store.close()


def notebooks(count: int) -> list[bytes]:
    """Submissions of the guarded map: right and wrong ones by turns, each a little different."""
    unit = next(unit for unit in read(FOLDER).units if unit.entry.id == UNIT)
    starter = released(notebook(unit, "en"))
    models = {name: answer.source for name, answer in unit.solutions.items()}
    made = []
    for number in range(count):
        answers = dict(models)
        if number % 2:
            wrong = unit.wrong[number // 2 % len(unit.wrong)]
            answers[wrong.grade_id] = wrong.source
        made.append(nbformat.writes(answered(starter, {**answers, "why-guard": f"Submission {number}."})).encode())
    return made


def hand_in(store: Store, person: str, content: bytes) -> str:
    archive = pack_files({f"{UNIT}.ipynb": content})
    return store.receive(COURSE, UNIT, person, archive, language="en").id


def wait_for(store: Store, ids: list[str]) -> None:
    """Until all of `ids` are in the gradebook."""
    waiting = set(ids)
    seen = 0
    while waiting:
        for event in store.wait(seen, 1.0):
            seen = event.seq
            if event.submission_id in waiting and event.state in ("graded", "needs review", "failed"):
                waiting.discard(event.submission_id)


@contextmanager
def workers(file: Path, count: int) -> Iterator[None]:
    """Grading workers as `lehrwerk up` starts them."""
    environment = {**os.environ, ENVIRONMENT: str(file)}
    log = (file.parent / "workers.log").open("ab")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "campus.worker", f"worker-{number}"], env=environment, stdout=log, stderr=log
        )
        for number in range(count)
    ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()
        log.close()
