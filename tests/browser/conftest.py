"""A real Lehrwerk on free ports and a real Chromium, for the stories told in this folder."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from campus.doctor import find_browser
from campus.settings import Settings

ROOT = Path(__file__).parents[2]
#: Where the stories leave their screenshots; the README shows some of them.
PICTURES = ROOT / "test-results" / "screenshots"
#: Hubs, servers and exams on two busy cores need patience; in milliseconds.
PATIENCE = 120_000


@dataclass(frozen=True)
class Platform:
    """A running Lehrwerk."""

    url: str
    password: str
    settings: Path
    data: Path
    process: subprocess.Popen[str]

    def loaded(self) -> Settings:
        from campus.settings import load

        return load(self.settings)


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("platform")
    content = yaml.safe_load((ROOT / "lehrwerk.yaml").read_text(encoding="utf-8"))
    content["hub"]["port"] = 0
    content["data"] = str(folder / "data")
    # A killed worker's submission goes to the next soon.
    content["exam"] = {"lease_seconds": 10}
    nord, _ = content["tenants"]
    nord["courses"] += [{"id": name, "source": f"courses/{name}"} for name in ("gpu-kernels", "numpy-to-gpu")]
    for tenant in content["tenants"]:
        for course in tenant["courses"]:
            course["source"] = str(ROOT / course["source"])
    file = folder / "lehrwerk.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "campus", "up", "--settings", str(file)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if found := re.search(r"Lehrwerk is at (http://\S+)", line):
                break
        else:
            pytest.fail(f"lehrwerk up ended with {process.wait()}:\n{said}")
        secrets = json.loads((folder / "data" / "secrets" / "runtime.json").read_text())
        yield Platform(found.group(1), secrets["demo_password"], file, folder / "data", process)
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.wait()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed with its module: while Playwright lives, no other test of this process can run an event loop."""
    executable = find_browser()
    if executable is None:
        pytest.fail("no Chromium for the browser tests: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody at a browser of their own, signed in."""

    name: str
    context: BrowserContext
    page: Page
    platform: Platform

    def goto(self, path: str) -> Page:
        """Open a page of the portal."""
        self.page.goto(f"{self.platform.url}services/portal/{path}")
        return self.page

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")


class Campus:
    """Signs people in; each has a browser context, closed at the end of the test."""

    def __init__(self, platform: Platform, browser: Browser) -> None:
        self.platform = platform
        self.browser = browser
        self.people: list[Person] = []

    def fill_in(self, page: Page, name: str) -> None:
        """The form of the sign-in page, in either language."""
        page.get_by_label(re.compile("^(User name|Benutzername)$")).fill(name)
        page.get_by_label(re.compile("^(Password|Passwort)$")).fill(self.platform.password)
        page.get_by_role("button", name=re.compile("^(Sign in|Anmelden)$")).click()

    def person(self, name: str, language: str = "en") -> Person:
        context = self.browser.new_context(
            locale={"en": "en-GB", "de": "de-DE"}[language], viewport={"width": 1280, "height": 860}
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(self.platform.url)
        self.fill_in(page, name)
        page.wait_for_url(re.compile(r"/services/portal/"))
        person = Person(name, context, page, self.platform)
        self.people.append(person)
        return person


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A story that fails leaves a picture of every page that was open."""
    report = yield
    room = getattr(item, "funcargs", {}).get("campus")
    if report.when == "call" and report.failed and isinstance(room, Campus):
        PICTURES.mkdir(parents=True, exist_ok=True)
        for person in room.people:
            for number, page in enumerate(person.context.pages, 1):
                page.screenshot(path=PICTURES / f"failed-{item.name}-{person.name}-{number}.png")
    return report


@pytest.fixture
def campus(platform: Platform, chromium: Browser) -> Iterator[Campus]:
    room = Campus(platform, chromium)
    yield room
    for person in room.people:
        person.context.close()
