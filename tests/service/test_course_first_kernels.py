"""The first course, proved: by `course check` in exam rooms, and by running its notebooks on the emulated GPU."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course.build import answered, notebook, released
from grader.course.check import check
from grader.course.reader import read

FOLDER = Path(__file__).parents[2] / "courses" / "first-kernels"
UNITS = {unit.entry.id: unit for unit in read(FOLDER).units}
RUN = "import sys; from grader.device.frontends.run import run_script; sys.exit(run_script(sys.argv[1]))"


def test_model_solutions_get_full_marks_starters_none_and_wrong_ones_are_caught() -> None:
    assert [str(problem) for problem in check(FOLDER)] == []


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", UNITS)
def test_a_solved_notebook_runs_from_top_to_bottom_without_a_finding(name: str, language: str, tmp_path: Path) -> None:
    unit = UNITS[name]
    answers = {grade_id: answer.source for grade_id, answer in unit.solutions.items()}
    solved = answered(released(notebook(unit, language)), answers)
    cells = [cell.source for cell in solved.cells if cell.cell_type == "code"]
    (tmp_path / "unit.py").write_text("\n\n".join(cells), encoding="utf-8")
    shutil.copy(unit.folder / "checks.py", tmp_path)
    done = subprocess.run([sys.executable, "-c", RUN, "unit.py"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
