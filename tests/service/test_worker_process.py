"""A worker as a process of its own: how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from campus.publish import prepare
from campus.settings import ENVIRONMENT, load


def test_an_idle_worker_ends_when_told_also_when_told_twice(tmp_path: Path) -> None:
    file = tmp_path / "lehrwerk.yaml"
    file.write_text("hub: {port: 0}\n", encoding="utf-8")
    prepare(load(file))
    worker = subprocess.Popen(
        [sys.executable, "-m", "campus.worker", "worker-1"],
        env={**os.environ, ENVIRONMENT: str(file)},
        stderr=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stderr is not None
        assert any("waits for submissions" in line for line in worker.stderr)
        for _ in range(2):
            worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
