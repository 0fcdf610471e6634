"""The preview of a course in a real browser: it shows a save by itself, and breaks no policy of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PATIENCE
from tests.courses import small_course

pytestmark = pytest.mark.browser


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    course = small_course(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "campus", "course", "preview", str(course), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        found = re.match(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert found
        yield course, found[0]
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def test_a_save_is_shown(chromium: Browser, shown: tuple[Path, str]) -> None:
    course, url = shown
    page = chromium.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    with page.expect_response("**/changes?since=*", timeout=PATIENCE):
        page.goto(url, timeout=PATIENCE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Double a number")
    unit = course / "units" / "double" / "unit.en.py"
    unit.write_text(unit.read_text(encoding="utf-8").replace("# # Double a number", "# # Twice as much"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Twice as much", timeout=PATIENCE)
    (course / "units" / "double" / "solution" / "double.py").unlink()
    expect(page.get_by_text("write solution/double.py")).to_be_visible(timeout=PATIENCE)
    assert complaints == []
    page.close()
