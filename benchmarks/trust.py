"""What the trust split costs: an exam beside the same cells in one warm interpreter without walls and channel.

`python -m benchmarks.trust [ROUNDS]`. Model solutions of the courses' own exercises, on the emulated GPU. The exam is
an exam room's `examine`, with its processes started, walled and ended. The peer is one process that has imported all
there is to import and runs given, solution and test cells one after the other in a shell of IPython's, with the front
ends and the checks of a learner's notebook. It has not seen the work before: what it keeps by a kernel's text is
emptied between the rounds, which run the same text again. The two take turns; medians over the rounds.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.room import ROOT
from grader.course.opened import assignments, open_course
from grader.exam.room import ExamRoom

PEER = """
import io, sys, time
from contextlib import redirect_stdout
from pathlib import Path
import nbformat
from IPython.core.interactiveshell import InteractiveShell
from grader.device.frontends import install_emulated, uninstall
from grader.device.frontends import nvrtc
import grader.checks.kernel, grader.checks.function, numba.cuda

shell = InteractiveShell.instance(colors="NoColor", autocall=False)
shell.history_manager.enabled = False
answer = sys.stdout
for path in map(str.strip, sys.stdin):
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    nvrtc.compile_ptx.cache_clear()
    with redirect_stdout(io.StringIO()):
        started = time.perf_counter()
        shell.reset()
        sys.path.insert(0, str(Path(path).parent))
        known = set(sys.modules)
        install_emulated(show=None)
        results = [shell.run_cell(source, store_history=False) for source in cells]
        uninstall()
        sys.path.pop(0)
        for module in set(sys.modules) - known:
            if (getattr(sys.modules[module], "__file__", None) or "").startswith(str(Path(path).parent)):
                del sys.modules[module]
        seconds = time.perf_counter() - started
    print(seconds if all(result.success for result in results) else "failed", file=answer, flush=True)
"""
COURSES = [folder for folder in sorted((ROOT / "courses").iterdir()) if (folder / "course.yaml").exists()]


class Peer:
    """The warm interpreter. Use as a context manager."""

    def __enter__(self) -> Peer:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PEER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def seconds(self, notebook: Path) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(notebook, file=self._process.stdin, flush=True)
        said = self._process.stdout.readline().strip()
        if not said or said == "failed":
            sys.exit(f"the peer could not run {notebook}")
        return float(said)


def exam(room: ExamRoom, source: Path, given: Path, notebook: Path) -> float:
    started = time.perf_counter()
    verdict = room.examine(source, source.name, {notebook.name: notebook.read_bytes()}, given=given)
    seconds = time.perf_counter() - started
    tested = [cell for cell in verdict.cells if cell.outcome not in ("manual", "missing")]
    if any(cell.score != cell.max_score for cell in tested):
        sys.exit(f"the model solution of {source.name} did not get full marks")
    return seconds


def _figures(mine: float, other: float) -> tuple[str, str, str]:
    return f"{mine:.2f}", f"{other:.2f}", f"{mine / other:.2f}"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    table = Table(title=f"model solutions on the emulated GPU, medians of {rounds} rounds")
    for heading in ("exercise", "exam (s)", "one warm interpreter (s)", "the split costs (times)"):
        table.add_column(heading)
    medians: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name, ExamRoom(device="emulated") as room, Peer() as peer:
        for folder in COURSES:
            opened = open_course(folder, Path(name) / folder.name, room, assignments(folder))
            for unit in assignments(folder):
                source, given = opened.source / unit, opened.given(unit, opened.language)
                notebook = source / f"{unit}.ipynb"
                exam(room, source, given, notebook), peer.seconds(notebook)
                ours: list[float] = []
                theirs: list[float] = []
                for _ in range(rounds):
                    ours.append(exam(room, source, given, notebook))
                    theirs.append(peer.seconds(notebook))
                medians.append((statistics.median(ours), statistics.median(theirs)))
                table.add_row(unit, *_figures(*medians[-1]))
        table.add_section()
        table.add_row("all together", *_figures(*map(sum, zip(*medians, strict=True))))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
