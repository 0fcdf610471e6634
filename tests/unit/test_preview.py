"""The preview of a course: what learners read, what is wrong, and nothing that runs or lies outside it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from campus.preview import Preview
from tests.courses import small_course


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return small_course(tmp_path)


class Client:
    """Asks the preview as a browser does."""

    def __init__(self, course: Path) -> None:
        self.transport = httpx.ASGITransport(Preview(course).app)

    def get(self, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url="http://127.0.0.1") as asking:
                return await asking.get(path, follow_redirects=True, **more)

        return asyncio.run(ask())


def add(course: Path, cell: str) -> None:
    unit = course / "units" / "double" / "unit.en.py"
    unit.write_text(unit.read_text(encoding="utf-8") + f"\n{cell}\n", encoding="utf-8")


def test_it_shows_what_learners_get(course: Path) -> None:
    page = Client(course).get("/")
    assert (page.status_code, page.url.path) == (200, "/en/double/")
    assert "<h1>Double a number</h1>" in page.text
    assert "Exercise · double" in page.text
    assert "Test · double-test · 4 points" in page.text
    assert "double(<span" in page.text.replace('<span class="hl-n">double</span><span class="hl-p">(</span>', "double(")
    # Hidden tests are none of it. Two digits may stand in the stamp, which is a hash.
    text, stamps = re.subn(r'data-stamp="[0-9a-f]{16}"', "", page.text)
    assert stamps == 1
    assert "21" not in text
    assert "No fault of structure found." in page.text


def test_each_language_is_a_page_in_that_language(course: Path) -> None:
    manifest = course / "course.yaml"
    text = manifest.read_text(encoding="utf-8").replace("languages: [en]", "languages: [en, de]")
    manifest.write_text(text, encoding="utf-8")
    page = Client(course).get("/de/double/")
    assert '<html lang="de">' in page.text
    assert "Diese Einheit gibt es in dieser Sprache noch nicht." in page.text


def test_faults_stand_above_what_could_be_read_and_go_when_they_are_mended(course: Path) -> None:
    solution = course / "units" / "double" / "solution" / "double.py"
    kept = solution.read_text(encoding="utf-8")
    solution.unlink()
    here = Client(course)
    page = here.get("/en/double/")
    assert "units/double/unit.en.py:4: double has no model solution; write solution/double.py" in page.text
    assert str(course) not in page.text
    assert "<h1>Double a number</h1>" in page.text
    solution.write_text(kept, encoding="utf-8")
    assert "no model solution" not in here.get("/en/double/").text
    (course / "course.yaml").unlink()
    assert "course.yaml: missing" in here.get("/").text


def test_text_of_a_course_is_no_markup_of_ours(course: Path) -> None:
    add(course, "# %% [markdown]\n# <script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1))")
    add(course, "# %%\nx = '<script>alert(2)</script>'")
    page = Client(course).get("/en/double/")
    assert page.text.count("<script") == 1
    assert "<img" not in page.text
    assert 'href="javascript' not in page.text
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]


def test_only_figures_of_the_unit_are_given_away(course: Path) -> None:
    figures = course / "units" / "double" / "figures"
    figures.mkdir()
    (figures / "a.svg").write_text("<svg/>")
    (figures / "out.svg").symlink_to(course / "course.yaml")
    here = Client(course)
    assert here.get("/en/double/figures/a.svg").text == "<svg/>"
    for name in ("out.svg", "none.svg", "%2e%2e/checks.py", "..%2f..%2f..%2fcourse.yaml"):
        assert here.get(f"/en/double/figures/{name}").status_code == 404
    assert here.get("/en/%2e%2e/figures/a.svg").status_code == 404
    assert here.get("/en/other/").status_code == here.get("/fr/double/").status_code == 404


def test_a_name_that_points_here_reads_nothing(course: Path) -> None:
    assert Client(course).get("/en/double/", headers={"Host": "evil.example"}).status_code == 400
