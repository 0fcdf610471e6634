"""From a stored submission to its verdict: the course version and the files are fetched, the exam room marks.

The verdict says all that is needed to reach it again: versions, image, device, seeds and digests.
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from grader.course import archives
from grader.course.build import handed_out, read_bundle
from grader.exam.paper import marks, read_notebook
from grader.exam.room import ExamRoom, SubmissionError
from grader.exam.verdict import CellVerdict, ExamFinding, Verdict
from grader.store import Store, Submission

#: Holds the digest of the image that a process runs in; images set it, one machine has none.
IMAGE = "LEHRWERK_IMAGE"


class Exams:
    """`cache` holds unpacked course versions by digest; several processes may share it."""

    def __init__(self, store: Store, room: ExamRoom, cache: Path) -> None:
        self.store = store
        self.room = room
        self.cache = cache

    def verdict(
        self,
        submission: Submission,
        bundle_digest: str | None = None,
        seeds: Mapping[str, int] | None = None,
        measured: Mapping[str, Any] = MappingProxyType({}),
    ) -> Verdict:
        """The verdict on a submission by the course version `bundle_digest`, or by the submission's own.

        `seeds` by grade id, and what was `measured`, repeat an earlier exam. Raises ExamError for a failure of ours.
        """
        digest = bundle_digest or submission.bundle_digest
        bundle = self.bundle(digest)
        source = bundle / "source" / submission.assignment
        manifest = read_bundle(bundle)
        given = handed_out(bundle / "release", submission.language, manifest.languages[0]) / submission.assignment
        unit = next(unit for unit in manifest.units if unit.id == submission.assignment)
        started = time.monotonic()
        try:
            files = archives.read(self.store.archive(submission.id), archives.ACCEPTED)
            verdict = self.room.examine(
                source,
                submission.assignment,
                files,
                given=given,
                language=submission.language,
                seed=seeds,
                measured={grade_id: found for grade_id, found in measured.items() if isinstance(found, dict)},
                tests=unit.tests,
                processes=unit.processes,
            )
        except (SubmissionError, archives.ArchiveError) as error:
            verdict = unreadable(source, submission.assignment, error.message, self.room.device)
        seconds = round(time.monotonic() - started, 3)
        return verdict.model_copy(
            update={
                "versions": verdict.versions | _versions(),
                "image": os.environ.get(IMAGE, ""),
                "measurements": verdict.measurements | {"exam_seconds": seconds},
                "submission_digest": verdict.submission_digest or submission.digest,
                "bundle_digest": digest,
            }
        )

    def bundle(self, digest: str) -> Path:
        """The unpacked course version; whoever is first unpacks it, and it appears whole or not at all."""
        folder = self.cache / digest
        if folder.is_dir():
            return folder
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache) as scratch:
            draft = Path(scratch) / "bundle"
            archives.unpack(self.store.bundle_tar(digest), draft, archives.ACCEPTED)
            try:
                os.rename(draft, folder)
            except OSError:
                # Another worker was quicker.
                if not folder.is_dir():
                    raise
        return folder


def _versions() -> dict[str, str]:
    found = {name: version(name) for name in ("numpy", "numba", "numba-cuda", "ipython", "nbgrader", "lehrwerk")}
    return {"python": platform.python_version()} | found


def unreadable(source: Path, assignment: str, message: dict[str, str], device: str) -> Verdict:
    """The verdict on what cannot be read: every cell missing, and the reason."""
    finding = ExamFinding(kind="missing-cell", message=message)
    cells = []
    for notebook in sorted(source.glob("*.ipynb")):
        for cell in read_notebook(notebook.name, notebook.read_bytes())["cells"]:
            found = marks(cell)
            if found.get("grade") or found.get("task"):
                by_hand = bool(found.get("solution") or found.get("task"))
                cells.append(
                    CellVerdict(
                        notebook=notebook.stem,
                        grade_id=found["grade_id"],
                        score=None if by_hand else 0.0,
                        max_score=float(found.get("points") or 0),
                        outcome="manual" if by_hand else "missing",
                        findings=[finding],
                    )
                )
    return Verdict(assignment=assignment, device=device, protection="full", cells=cells, findings=[finding])
