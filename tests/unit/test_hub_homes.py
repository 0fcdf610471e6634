"""Each notebook server has a folder of its own, whatever the sign-in calls its owner."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from campus.hub.spawner import HomeSpawner
from grader.safe_id import safe_id


@pytest.mark.parametrize("name", ["anna", "anna@example.org", "..%2f..", "a" * 300, "Änne"])
def test_a_home_is_a_folder_among_the_homes(tmp_path: Path, name: str) -> None:
    spawner = HomeSpawner(data=str(tmp_path), user=SimpleNamespace(name=name, url="/user/x/"))
    assert Path(spawner.home_dir) == tmp_path / "homes" / safe_id(name)
