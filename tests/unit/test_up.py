"""What a start says."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from campus import runtime, up
from campus.settings import load

ROOT = Path(__file__).parents[2]


def test_the_password_stands_in_one_line_however_narrow_the_terminal(tmp_path: Path) -> None:
    settings = load(ROOT / "lehrwerk.yaml").model_copy(update={"data": tmp_path})
    here = runtime.prepare(settings.model_copy(update={"hub": settings.hub.model_copy(update={"port": 0})}))
    console = Console(file=io.StringIO(), width=30)
    up._announce(settings, here, console)
    assert f"Password for all of them: {here.demo_password}\n" in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("tenants", ["", "tenants: [{id: nord, name: {en: N}}]\n"])
def test_a_lehrwerk_that_nobody_could_sign_in_to_does_not_start(tmp_path: Path, tenants: str) -> None:
    file = tmp_path / "lehrwerk.yaml"
    file.write_text(f"hub: {{port: 0}}\n{tenants}", encoding="utf-8")
    with pytest.raises(up.StartError, match=r"nobody could sign in: .* add a tenant"):
        up.prepare(file)
    assert list(tmp_path.iterdir()) == [file]
