"""nbgrader's converters, in a process of their own: they change the working directory and are not thread-safe.

The process stays warm, so that a conversion costs no interpreter start. Imports nbgrader.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from threading import Lock
from typing import Any

from grader.process import end_with_parent
from grader.records.gradebook import WarmGradebook, stay_warm


class ConvertError(RuntimeError):
    """nbgrader could not convert; the text is its log."""


class Converter:
    """Runs jobs one after the other in a warm child."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._lock = Lock()

    def run(self, job: dict[str, Any]) -> None:
        """Raises ConvertError."""
        with self._lock:
            for attempt in (1, 2):
                if self._pool is None:
                    spawn = multiprocessing.get_context("spawn")
                    self._pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_begin)
                try:
                    problem = self._pool.submit(_run, job).result()
                    break
                except BrokenProcessPool:
                    self._pool = None
                    if attempt == 2:
                        raise ConvertError("the converter's process ended twice") from None
        if problem is not None:
            raise ConvertError(problem)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def _begin() -> None:
    """A converter writes gradebooks for nobody else; with it ends the tracker that Python starts beside it."""
    stay_warm()
    end_with_parent(signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is None or os.getppid() != parent.pid:
        # It died before the kernel was asked.
        os._exit(1)


def _run(job: dict[str, Any]) -> str | None:
    """One conversion, in the child; None, or what went wrong."""
    from nbgrader.converters import Autograde, GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = job["root"]
    config.CourseDirectory.course_id = job["course"]
    config.CourseDirectory.db_url = job["gradebook"]
    config.CourseDirectory.assignment_id = job["assignment"]
    if job["kind"] == "generate":
        # Without ClearSolutions, which would replace our starters by its own stub, and without ComputeChecksums: the
        # source holds model solutions with the checksums of the starters, by which an untouched answer is known.
        config.GenerateAssignment.preprocessors = [
            f"nbgrader.preprocessors.{name}" for name in ("LockCells", "ClearOutput", "CheckCellMetadata", "SaveCells")
        ]
        kind: Any = GenerateAssignment
    else:
        config.CourseDirectory.student_id = job["student"]
        # Without CheckCellMetadata: the marks in `readable` notebooks are the source's, which it has checked.
        config.Autograde.sanitize_preprocessors = [
            f"nbgrader.preprocessors.{name}" for name in ("OverwriteKernelspec", "OverwriteCells")
        ]
        config.Autograde.autograde_preprocessors = [
            "grader.records.preprocessors.ApplyVerdict",
            "nbgrader.preprocessors.AssignLatePenalties",
        ]
        config.ApplyVerdict.verdict_file = job["verdict"]
        config.ApplyVerdict.person = job["person"]
        config.ApplyVerdict.language = job["language"]
        config.ApplyVerdict.extended = job["extended"]
        config.ApplyVerdict.deadline = job["deadline"]
        config.ApplyVerdict.tasks = job["tasks"]
        kind = Autograde
    messages = _Messages()
    logger = logging.getLogger("lehrwerk.nbgrader")
    logger.handlers = [messages]
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    here = os.getcwd()
    try:
        converter = kind(coursedir=CourseDirectory(config=config), config=config)
        converter.log = logger
        converter.force = True
        converter.start()
        if job["kind"] == "generate":
            with WarmGradebook(job["gradebook"], job["course"]) as gradebook:
                # By it nbgrader knows who was late, and what an extension is counted from.
                gradebook.update_or_create_assignment(job["assignment"], duedate=job["deadline"])
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}\n{messages.text()}"
    finally:
        os.chdir(here)
    return None


class _Messages(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def text(self) -> str:
        return "\n".join(self.lines)[-4000:]
