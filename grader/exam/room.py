"""The exam room: starts examiner, candidate and bench for each submission, keeps the clocks, and writes the verdict.

Trusted. Runs no foreign code and believes neither examiner nor candidate more than it must: the verdict holds the
cells and maxima of the paper that the room laid out itself. Imports this package.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from grader.device.cuda import described
from grader.device.emulated import EmulatedDevice
from grader.device.kernel import DeviceChoice
from grader.exam import messages, paper
from grader.exam.channel import ChannelError, pack, unpack
from grader.exam.conduct import Conduct, LinkEnds, ask_candidate
from grader.exam.limits import ExamLimits
from grader.exam.paper import Paper, SubmissionError
from grader.exam.processes import ExamError, Process, Processes, write_file
from grader.exam.verdict import CellVerdict, Tests, Verdict

__all__ = ["DeviceChoice", "ExamError", "ExamLimits", "ExamRoom", "SubmissionError"]


class ExamRoom:
    """Use as a context manager; the zygote inside stays warm between exams."""

    def __init__(
        self,
        limits: ExamLimits | None = None,
        device: DeviceChoice = "auto",
        scratch: Path | None = None,
    ) -> None:
        self.limits = limits or ExamLimits()
        self.device, self.compute_capability = _chosen_device(device)
        self.processes = Processes(self.limits, self.device, scratch)

    def __enter__(self) -> ExamRoom:
        self.processes.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.processes.__exit__()

    def check_disk(self) -> None:
        """Raises ExamError where the disk is too full for an exam, before anything of a submission lies on it."""
        self.processes.check_disk()

    @contextlib.contextmanager
    def shell(self, files: dict[str, bytes]) -> Iterator[Callable[[str], str | None]]:
        """A walled process with `files` beside it that runs one source after the other, as a notebook's kernel does.

        Calling it gives the text of the source's last value, None where a notebook would show none. Raises ExamError
        where the source raises, or is too slow, or ends the process.
        """
        with self.processes.folder() as folder, contextlib.ExitStack() as started:
            place = folder / "shell"
            owner = self.processes.make_folder("candidate", place, [])
            for name, data in files.items():
                write_file(place, name, data, owner)
            options = {
                "device": self.device,
                "compute_capability": list(self.compute_capability),
                "output_bytes": self.limits.output_bytes,
            }

            link = started.enter_context(contextlib.closing(LinkEnds()))

            running: dict[str, Process] = {}

            def start(role: str, where: Path) -> Process:
                forked = self.processes.fork(role, where, [], options, link=link.take(role))
                started.callback(forked.end)
                running[role] = forked
                return forked

            process = start("candidate", place)
            device = functools.partial(start, "device", folder / "device")
            numbers = itertools.count(1)

            def run(source: str) -> str | None:
                seconds = self.limits.cell_seconds
                question = pack({"do": "test", "key": f"shell-{next(numbers)}", "source": source})
                try:
                    until = time.monotonic() + seconds
                    reply = unpack(ask_candidate(process, question, until, running.get("device"), device))
                except ChannelError as error:
                    raise ExamError(f"the process ended: {process.why_gone(error)}") from error
                if not isinstance(reply, dict) or reply.get("error"):
                    told = (reply.get("error") or {}) if isinstance(reply, dict) else {}
                    raise ExamError(f"{str(told.get('name'))[:80]}: {str(told.get('text'))[:400]}")
                return str(reply["shown"]) if "shown" in reply else None

            yield run

    def examine(
        self,
        source: Path,
        assignment: str,
        files: dict[str, bytes],
        *,
        given: Path | None = None,
        language: str = "en",
        seed: int | Mapping[str, int] | None = None,
        tests: Tests = "examiner",
        measured: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
        processes: bool = False,
        compute_capability: tuple[int, int] | None = None,
    ) -> Verdict:
        """The verdict on a submission.

        `source` is the instructor's folder of the assignment, `files` are the submitted ones by relative name, and
        `given` is the folder that learners got. `seed` is for all checks, or by grade id. `tests` says where test cells
        run: in the examiner, or inside the candidate. `measured` are the measurements of an earlier exam, by grade id,
        whose verdict is to be reached again. With `processes` learner code may make processes. The emulated GPU can be
        of another `compute_capability`. Raises SubmissionError for what cannot be examined, ExamError for a failure of
        ours.
        """
        notebooks = sorted(source.glob("*.ipynb"))
        if not notebooks:
            raise ExamError(f"{source} holds no notebook")
        if sum(map(len, files.values())) > self.limits.submission_bytes:
            size = self.limits.submission_bytes
            raise SubmissionError(
                {"en": f"The submission is larger than {size} bytes.", "de": f"Die Abgabe ist größer als {size} Byte."}
            )
        submitted = {name: data for name, data in files.items() if name.endswith(".ipynb") and "/" not in name}
        names = [notebook.name for notebook in notebooks]
        if len(names) == 1 and len(submitted) == 1:
            # One notebook for one notebook: its name is of no importance.
            submitted = {names[0]: next(iter(submitted.values()))}
        if not set(names) & set(submitted):
            raise SubmissionError(messages.no_notebook(names))
        papers = []
        for notebook in notebooks:
            instructor = paper.read_notebook(notebook.name, notebook.read_bytes())
            learner = (
                paper.read_notebook(notebook.name, submitted[notebook.name]) if notebook.name in submitted else None
            )
            handed_out = given / notebook.name if given is not None else None
            released = (
                paper.read_notebook(notebook.name, handed_out.read_bytes())
                if handed_out is not None and handed_out.is_file()
                else None
            )
            laid = paper.lay_out(notebook.stem, instructor, learner or {"cells": []}, released)
            if learner is None:
                laid.absent = True
                laid.findings = [messages.missing_notebook(notebook.name)]
            papers.append(laid)
        deadline = time.monotonic() + self.limits.notebook_seconds
        cells: list[CellVerdict] = []
        seeds: dict[str, int] = {}
        measurements: dict[str, Any] = {}
        for laid in papers:
            if laid.absent:
                cells += _nothing(laid)
                continue
            with (
                self.processes.folder() as folder,
                Conduct(
                    *(self.processes, folder, source, laid, files, given, language, seed, deadline, tests),
                    measured=measured,
                    processes=processes,
                    compute_capability=compute_capability or self.compute_capability,
                ) as exam,
            ):
                cells += exam.run()
            seeds |= exam.seeds
            measurements |= exam.measurements
        digest = hashlib.sha256()
        for name in sorted(files):
            digest.update(f"{len(name)}:{name}:{len(files[name])}:".encode() + files[name])
        return Verdict(
            assignment=assignment,
            device=self.device,
            protection="full" if tests == "examiner" else "in-process",
            cells=cells,
            findings=[finding for laid in papers for finding in laid.findings],
            versions=dict(_versions()),
            seeds=seeds,
            measurements=measurements,
            submission_digest=digest.hexdigest(),
        )


def _nothing(laid: Paper) -> list[CellVerdict]:
    """A notebook that was not handed in has no points, and nothing that a person could mark."""
    return [
        CellVerdict(
            notebook=laid.notebook,
            grade_id=cell.grade_id,
            score=0.0,
            max_score=cell.max_score,
            outcome="missing",
            findings=laid.findings,
        )
        for cell in laid.cells
        if cell.kind != "run"
    ]


@functools.cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "numba", "numba-cuda", "ipython")}


def _chosen_device(device: str) -> tuple[str, tuple[int, int]]:
    """(name, compute capability)"""
    if device == "emulated":
        return device, EmulatedDevice().compute_capability
    found = described()
    if found is None:
        if device == "cuda":
            raise ExamError("device cuda was asked for, and no GPU answers; see `lehrwerk doctor`")
        return _chosen_device("emulated")
    return f"cuda:{found[0]}", found[1]
