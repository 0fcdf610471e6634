"""A platform in a temporary folder for benchmarks: published course, submissions, workers as on one machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from campus.publish import open_registrar, open_store, prepare, publish
from campus.settings import ENVIRONMENT, Settings, load
from grader.course.archives import pack, pack_files
from grader.course.build import answered, notebook, released
from grader.course.model import Bundle, BundleUnit, Licences
from grader.course.modes import settled
from grader.course.opened import open_course
from grader.course.reader import read
from grader.exam.room import ExamRoom
from grader.store import Store

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "courses" / "first-kernels"
COURSE, UNIT = "nord--first-kernels", "guarded-map"
PLAIN = "nord--plain"


@contextmanager
def _empty(database: str = "") -> Iterator[tuple[Settings, Path, Store]]:
    """Settings, their file, and the store of a platform without courses; no `database` is SQLite's."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "lehrwerk.yaml"
        file.write_text(
            "data: data\nhub: {port: 0}\ntenants:\n"
            "  - {id: nord, name: {en: Benchmark}, courses: [{id: first-kernels}, {id: plain}]}\n"
            f'storage: {{database: "{database}"}}\n',
            encoding="utf-8",
        )
        settings = load(file)
        prepare(settings)
        store = open_store(settings)
        try:
            yield settings, file, store
        finally:
            store.close()


@contextmanager
def platform(database: str = "") -> Iterator[tuple[Settings, Path, Store]]:
    """Settings, their file, and the store, with the first course published."""
    with _empty(database) as (settings, file, store):
        publish(settings, FOLDER, "nord", by="benchmark")
        yield settings, file, store


@contextmanager
def plain_platform(folder: Path, assignment: str) -> Iterator[tuple[Path, Store, str]]:
    """Settings file, store and course id, with one assignment of a plain nbgrader folder published."""
    with _empty() as (settings, file, store):
        bundle = settings.data / "plain"
        with ExamRoom(device="emulated") as room:
            opened = open_course(folder, bundle, room, [assignment])
            tests = settled(room, opened, assignment)
        _sum_up(bundle, assignment)
        shutil.move(bundle / "release", bundle / "en")
        shutil.move(bundle / "en", bundle / "release" / "en")
        names = sorted(path.stem for path in (bundle / "source" / assignment).glob("*.ipynb"))
        text = {"en": assignment}
        unit = BundleUnit(id=assignment, title=text, minutes=1, max_score=1, notebooks=names, tests=tests)
        licences = Licences(code="Apache-2.0", content="CC-BY-4.0")
        manifest = Bundle(
            schema=1, course="plain", title=text, summary=text, languages=["en"], licences=licences, units=[unit]
        )
        (bundle / "bundle.json").write_text(manifest.model_dump_json(by_alias=True), encoding="utf-8")
        plain = manifest.model_dump(mode="json", by_alias=True)
        registrar = open_registrar(settings, store)
        registrar.prepare(PLAIN, plain, assignment, bundle)
        registrar.close()
        store.publish(PLAIN, plain, pack(bundle), assignment, "benchmark")
        yield file, store, PLAIN


def _sum_up(bundle: Path, assignment: str) -> None:
    """nbgrader knows an untouched answer by its checksum, which is that of the release."""
    for file in (bundle / "source" / assignment).glob("*.ipynb"):
        given = nbformat.read(bundle / "release" / assignment / file.name, 4)
        sums = {
            cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.checksum
            for cell in given.cells
            if "checksum" in cell.metadata.get("nbgrader", {})
        }
        made = nbformat.read(file, 4)
        for cell in made.cells:
            if (grade_id := cell.metadata.get("nbgrader", {}).get("grade_id")) in sums:
                cell.metadata.nbgrader.checksum = sums[grade_id]
        nbformat.write(made, file)


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
    return hand_in_files(store, COURSE, UNIT, person, {f"{UNIT}.ipynb": content})


def hand_in_files(store: Store, course: str, assignment: str, person: str, files: dict[str, bytes]) -> str:
    return store.receive(course, assignment, person, pack_files(files), language="en").id


def wait_for(store: Store, ids: list[str]) -> None:
    """Until all of `ids` are in the gradebook."""
    waiting = set(ids)
    seen = 0
    while waiting:
        for event in store.wait(seen, 1.0):
            seen = event.seq
            if event.submission_id in waiting and event.state in ("graded", "needs review", "failed"):
                waiting.discard(event.submission_id)


def nbgrader(*arguments: str, cwd: Path, **environment: str) -> None:
    """Stock nbgrader by its command line, with these variables besides."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        env={**os.environ, "PATH": path, "PYTHONWARNINGS": "ignore", **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"nbgrader {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-4000:]}")


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
