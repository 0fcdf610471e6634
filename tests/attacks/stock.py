"""The same attacks on stock nbgrader: its own converters and kernels, nothing of ours but the emulated GPU.

Learner code runs without walls here. Each attack gets a course, a home and a temporary folder of its own; attacks that
would reach beyond those are not run. `python -m tests.attacks.stock` is the process that converts: it reads one job a
line, as JSON, and answers with a line.
"""

from __future__ import annotations

import json
import logging
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from grader.device.kernel import write_kernelspec
from tests.attacks.case import Attack

_CELL_SECONDS, _NOTEBOOK_SECONDS = 6, 90
_COURSE, _LEARNER, _OTHER = "course", "learner", "other"
#: The last line of a test cell that is a report of our checks, whose share nbgrader can take as a number only.
_REPORT = re.compile(r"\n(check\.run\(\)|check\(1\) \+ check\(2\)|\w+\(.*\)\.run\(\))$")


class Stock:
    """nbgrader in a process of its own; use it through `stock`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._templates: dict[bytes, Path] = {}
        self._count = 0
        self._process: subprocess.Popen[str] | None = None
        write_kernelspec(root / "share" / "kernels", python=sys.executable, language="en", device="emulated")

    def points(self, attack: Attack) -> str:
        """What stock nbgrader gives, in words for the table."""
        if attack.spared:
            return f"not run: {attack.spared}"
        self._count += 1
        course = self._root / f"course-{self._count}"
        template = self._template(attack)
        if template is None:
            return "the assignment cannot be made"
        shutil.copytree(template, course)
        try:
            if attack.earlier is not None:
                self._grade(course, _OTHER, attack.answered({"answer": attack.earlier}), attack)
            return self._grade(course, _LEARNER, attack.notebook(), attack)
        finally:
            shutil.rmtree(course, ignore_errors=True)

    def _template(self, attack: Attack) -> Path | None:
        """A course with the attack's assignment and an empty gradebook, made once for each source."""
        key = attack.source + json.dumps(dict(attack.beside)).encode()
        if key not in self._templates:
            folder = self._root / f"template-{len(self._templates)}"
            source = folder / "source" / "unit"
            source.mkdir(parents=True)
            (source / "unit.ipynb").write_bytes(_as_numbers(attack.source))
            for name, text in attack.beside.items():
                (source / name).write_text(text)
            # A new gradebook costs nbgrader seconds.
            shutil.copyfile(self._empty_gradebook(), folder / "gradebook.db")
            if self._ask({"kind": "generate", "root": str(folder)}) != "done":
                return None
            self._templates[key] = folder
        return self._templates[key]

    def _empty_gradebook(self) -> Path:
        empty = self._root / "gradebook.db"
        if not empty.exists() and self._ask({"kind": "gradebook", "root": str(self._root)}) != "done":
            raise RuntimeError("nbgrader makes no gradebook")
        return empty

    def _grade(self, course: Path, person: str, notebook: bytes, attack: Attack) -> str:
        folder = course / "submitted" / person / "unit"
        folder.mkdir(parents=True)
        (folder / "unit.ipynb").write_bytes(_as_numbers(notebook))
        for name, data in attack.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        for name in ("home", "tmp"):
            (course / name).mkdir(exist_ok=True)
        return self._ask({"kind": "grade", "root": str(course), "person": person})

    def _ask(self, job: dict[str, str]) -> str:
        process = self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], _NOTEBOOK_SECONDS)
        answer = process.stdout.readline() if ready else ""
        if answer:
            return str(json.loads(answer))
        self.close()
        return "the batch hangs" if not ready else "the batch ends"

    def _start(self) -> subprocess.Popen[str]:
        if self._process is None:
            home = self._root / "home"
            home.mkdir(exist_ok=True)
            environment = {
                "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "JUPYTER_PATH": str(self._root / "share"),
                "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
                "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            }
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.attacks.stock"], env=environment, cwd=self._root, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        return self._process

    def close(self) -> None:
        if self._process is not None:
            # A kernel has a session of its own, and may be one that does not see its parent end.
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
            os.killpg(self._process.pid, signal.SIGKILL)
            for child in children:
                with suppress(ProcessLookupError):
                    os.kill(int(child), signal.SIGKILL)
            self._process.wait()
            self._process = None


@contextmanager
def stock(root: Path) -> Iterator[Stock]:
    made = Stock(root)
    try:
        yield made
    finally:
        made.close()


def _as_numbers(notebook: bytes) -> bytes:
    """Reports of our checks as the points that stock nbgrader can read; what is no notebook stays as it is."""
    try:
        content = json.loads(notebook)
        for cell in content["cells"]:
            marks = cell["metadata"].get("nbgrader", {})
            if marks.get("grade") and (found := _REPORT.search(cell["source"])):
                share = f"\nreport = {found.group(1)}\n{marks['points']} * report.score / report.max_score"
                cell["source"] = cell["source"][: found.start()] + share
        return json.dumps(content).encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return notebook


# -- in the converting process


def _run(job: dict[str, str]) -> str:
    from nbgrader.api import Gradebook
    from nbgrader.converters import Autograde, GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = job["root"]
    config.CourseDirectory.course_id = _COURSE
    config.CourseDirectory.assignment_id = "unit"
    config.CourseDirectory.db_url = book = f"sqlite:///{job['root']}/gradebook.db"
    config.Execute.timeout = _CELL_SECONDS
    if job["kind"] == "gradebook":
        Gradebook(book, _COURSE).close()
        return "done"
    kind: Any = Autograde
    if job["kind"] == "generate":
        kind = GenerateAssignment
        config.GenerateAssignment.preprocessors = [
            f"nbgrader.preprocessors.{name}"
            for name in ("LockCells", "ClearOutput", "CheckCellMetadata", "ComputeChecksums", "SaveCells")
        ]
    else:
        config.CourseDirectory.student_id = job["person"]
        os.environ.update(HOME=f"{job['root']}/home", TMPDIR=f"{job['root']}/tmp")
    here = os.getcwd()
    try:
        converter = kind(coursedir=CourseDirectory(config=config), config=config)
        converter.log.setLevel(logging.CRITICAL)
        converter.force = True
        if kind is Autograde:
            converter.create_student = True
        converter.start()
    except (Exception, SystemExit) as error:
        return f"no score: {type(error).__name__}"
    finally:
        os.chdir(here)
    if job["kind"] == "generate":
        return "done"
    with Gradebook(book, _COURSE) as gradebook:
        return f"{gradebook.find_submission('unit', job['person']).score:g}"


def main() -> None:
    # For what an attack may still do by mistake.
    for what, most in (
        (resource.RLIMIT_AS, 8 << 30),
        (resource.RLIMIT_FSIZE, 100 << 20),
        (resource.RLIMIT_NOFILE, 1024),
    ):
        resource.setrlimit(what, (most, most))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
