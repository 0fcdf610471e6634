"""Exam rooms that something happens in."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from grader.exam.processes import Process
from grader.exam.room import ExamRoom


def kill_first(room: ExamRoom, monkeypatch: pytest.MonkeyPatch, role: str) -> list[int]:
    """The first process of `role` that the room starts is killed at once; its pidfd is in the list from then on."""
    killed: list[int] = []
    fork = room.processes.fork

    def and_kill(started: str, *arguments: Any) -> Process:
        process = fork(started, *arguments)
        if started == role and not killed:
            # Its walls stand: what ends before them is a failure of ours.
            assert process.channel
            killed.append(process.pidfd)
            signal.pidfd_send_signal(process.pidfd, signal.SIGKILL)
        return process

    monkeypatch.setattr(room.processes, "fork", and_kill)
    return killed
