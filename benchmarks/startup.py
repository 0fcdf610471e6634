"""From `lehrwerk up` to the first page, on an installation that is there: with an empty data folder, and again.

`python -m benchmarks.startup [ROUNDS]`. The first start publishes the demo courses of two tenants.
"""

from __future__ import annotations

import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.room import ROOT


def start(file: Path) -> float:
    """Seconds until the portal answered through the proxy."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "campus", "up", "--settings", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if re.search(r"Lehrwerk is at", line):
            seconds = time.perf_counter() - started
            break
    else:
        sys.exit(f"lehrwerk up ended with {process.wait()}:\n{said}")
    process.send_signal(signal.SIGINT)
    process.stdout.read()
    process.wait()
    return seconds


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    content = yaml.safe_load((ROOT / "lehrwerk.yaml").read_text(encoding="utf-8"))
    content["hub"]["port"] = 0
    content["data"] = "data"
    for tenant in content["tenants"]:
        for course in tenant["courses"]:
            course["source"] = str(ROOT / course["source"])
    first, again = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "lehrwerk.yaml"
            file.write_text(yaml.safe_dump(content), encoding="utf-8")
            first.append(start(file))
            again.append(start(file))
    table = Table(title=f"lehrwerk up to the first page, median of {rounds} (s)")
    table.add_column("empty data folder")
    table.add_column("started before")
    table.add_row(f"{statistics.median(first):.1f}", f"{statistics.median(again):.1f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
