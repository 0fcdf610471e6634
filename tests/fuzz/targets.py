"""What fuzzing calls with hostile bytes: each target lets out nothing but the reader's documented exception.

That is caught here, so that whatever comes out of a target is a fault. What a reader took is judged as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from grader.course import archives
from grader.device.emulated import EmulatedDevice, ptx
from grader.device.emulated.gate import Gate, Refused
from grader.device.interface import Launch, Pointer
from grader.exam import channel, paper

#: The instructor's side of the fuzzed notebooks.
_SOURCE = {
    "cells": [
        {"cell_type": "code", "source": "import numpy as np", "metadata": {}},
        {"cell_type": "code", "source": "", "metadata": {"nbgrader": {"grade_id": "f", "solution": True}}},
        {
            "cell_type": "code",
            "source": "assert f(1) == 2",
            "metadata": {"nbgrader": {"grade_id": "t", "grade": True, "points": 2}},
        },
        {
            "cell_type": "markdown",
            "source": "Why?",
            "metadata": {"nbgrader": {"grade_id": "why", "grade": True, "solution": True, "points": 1}},
        },
    ]
}


@dataclass(frozen=True)
class _Caps:
    """Small, so that a fuzzer meets them."""

    submission_bytes: int = 100_000
    unpacked_bytes: int = 200_000
    archive_entries: int = 20
    file_bytes: int = 50_000


def message(data: bytes) -> None:
    """A message of a candidate's. What was read can be sent on."""
    try:
        value = channel.decode(channel.unpack(data))
    except channel.ChannelError:
        return
    try:
        packed = channel.pack(channel.encode(value))
    except channel.NotPlain:
        # A time zone other than UTC, and what is nested just deeply enough to be read.
        return
    channel.decode(channel.unpack(packed))


def notebook(data: bytes) -> None:
    """A submitted notebook, which then becomes a paper that holds the instructor's tests and no others."""
    try:
        submitted = paper.read_notebook("work.ipynb", data)
    except paper.SubmissionError:
        return
    laid = paper.lay_out("work", _SOURCE, submitted, _SOURCE)
    marked = [(cell.grade_id, cell.max_score) for cell in laid.cells if cell.kind != "run"]
    assert marked == [("t", 2.0), ("why", 1.0)]
    assert [cell.source for cell in laid.cells if cell.kind == "test"] == ["assert f(1) == 2"]


def archive(data: bytes) -> None:
    """A submitted archive. What was read stays in its folder and within the caps."""
    caps = _Caps()
    try:
        files = archives.read(data, caps)
    except archives.ArchiveError:
        return
    assert len(files) <= caps.archive_entries
    assert sum(map(len, files.values())) <= caps.unpacked_bytes
    for name, content in files.items():
        parts = PurePosixPath(name).parts
        assert parts
        assert ".." not in parts
        assert not name.startswith("/")
        assert len(content) <= caps.file_bytes


def module(data: bytes) -> None:
    """PTX of a learner's compiler. What passes the gate is read again, and then stays as it is."""
    text = data.decode("utf-8", "replace")
    gate = Gate()
    try:
        for kernel in ptx.parse(text).entries():
            parameters = tuple(bytes(one.size) for one in kernel.parameters[:100])
            passed = gate.passed(Launch(text, kernel.name, (1, 1, 1), (32, 1, 1), parameters, ()))
            assert passed.ptx.isascii()
            assert gate.passed(passed).ptx == passed.ptx
    except (ptx.PtxError, Refused):
        return
    finally:
        ptx._cache.clear()


def kernel(data: bytes) -> None:
    """PTX that is read, translated and run for a few steps: what it does wrong are findings."""
    text = data.decode("utf-8", "replace")
    try:
        entries = ptx.parse(text).entries()[:2]
    except ptx.PtxError:
        return
    finally:
        ptx._cache.clear()
    buffer = np.zeros(64, np.uint8)
    for entry in entries:
        given = tuple(Pointer(0, 0, 0, 64) if p.size == 8 else bytes(min(p.size, 4096)) for p in entry.parameters)
        launch = Launch(text, entry.name, (2, 1, 1), (40, 1, 1), given, (buffer,), step_limit=4000)
        result = EmulatedDevice().launch(launch)
        assert len(result.buffers) == 1
        assert len(result.printed) <= 1 << 20
        assert all(finding.message["de"] and finding.message["en"] for finding in result.findings)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "message": message,
    "notebook": notebook,
    "archive": archive,
    "module": module,
    "kernel": kernel,
}
