"""Exams whose processes have users of their own, as where the room is root's: tests/other_users/exams.py, run there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has users to give")
def test_exams_of_other_users() -> None:
    ended = subprocess.run([sys.executable, "-m", "tests.other_users"], capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stdout + ended.stderr
