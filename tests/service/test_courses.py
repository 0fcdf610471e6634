"""The courses, proved: by `course check` in exam rooms, and by running their notebooks on the emulated GPU."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import proofs
from grader.course.build import answered, notebook, released
from grader.course.check import check
from grader.course.reader import Unit
from tests.shipped import FOLDERS, UNITS

RUN = "import sys; from grader.device.frontends.run import run_script; sys.exit(run_script('unit.py', [], json=True))"
#: Findings that an example shows on purpose.
ON_PURPOSE = {
    "gpu-kernels/clinic": {"out-of-bounds"},
    "gpu-kernels/histogram": {"race"},
    "gpu-kernels/reduction": {"race"},
    "numpy-to-gpu/raw-kernels": {"launch"},
    "numpy-to-gpu/streams": {"stream-race"},
}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_model_solutions_get_full_marks_starters_none_and_wrong_ones_are_caught(folder: Path) -> None:
    """A unit that was proved on this machine, and all that it rests on, is not proved again while nothing changes."""
    assert [str(problem) for problem in check(folder, kept=proofs.folder())] == []


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
def test_a_solved_notebook_runs_from_top_to_bottom(unit: Unit, language: str, tmp_path: Path) -> None:
    answers = {grade_id: answer.source for grade_id, answer in unit.solutions.items()}
    solved = answered(released(notebook(unit, language)), answers)
    cells = [cell.source for cell in solved.cells if cell.cell_type == "code"]
    (tmp_path / "unit.py").write_text("\n\n".join(cells), encoding="utf-8")
    shutil.copy(unit.folder / "checks.py", tmp_path)
    done = subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr == ""
    found = {finding["kind"] for finding in json.loads(done.stdout.splitlines()[-1])["findings"]}
    expected = ON_PURPOSE.get(f"{unit.folder.parents[1].name}/{unit.entry.id}", set())
    assert (done.returncode, found & expected) == (1 if expected else 0, expected)
