"""Readers of hostile bytes are fuzzed for a fixed number of runs from a fixed seed, beginning with the corpus.

Where there is no atheris, on arm64, only the corpus is tried.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent
SEEDS = sorted((HERE / "corpus").glob("*/*"))
RUNS = {"message": 60_000, "notebook": 60_000, "archive": 40_000, "module": 8_000, "kernel": 1_500}
#: A single input may take so long on a busy machine, and the whole process so much memory.
LIMITS = ["-timeout=120", "-rss_limit_mb=2048"]

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(900)]


def test_every_target_has_seeds_and_a_dictionary() -> None:
    assert {seed.parent.name for seed in SEEDS} == set(TARGETS) == set(RUNS)
    assert {path.name for path in (HERE / "dictionaries").iterdir()} == set(TARGETS)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"{seed.parent.name}-{seed.name}")
def test_a_seed_breaks_nothing(seed: Path) -> None:
    TARGETS[seed.parent.name](seed.read_bytes())


if platform.machine() == "x86_64":

    @pytest.mark.parametrize("target", TARGETS)
    def test_hostile_bytes_meet_nothing_but_the_documented_exception(target: str, tmp_path: Path) -> None:
        corpus = shutil.copytree(HERE / "corpus" / target, tmp_path / "corpus")
        options = [f"-runs={RUNS[target]}", "-seed=1", "-max_len=12000", *LIMITS]
        options += [f"-dict={HERE / 'dictionaries' / target}", f"-artifact_prefix={tmp_path}/"]
        run = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.explore", target, str(corpus), *options],
            cwd=HERE.parents[1],
            # The same inputs every time: what is found depends on the order of sets otherwise.
            env={**os.environ, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            errors="replace",
        )
        assert run.returncode == 0, run.stderr[-6000:]
        assert f"Done {RUNS[target]} runs" in run.stderr
