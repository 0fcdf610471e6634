"""A learner's JupyterLab in the browser."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


class Lab:
    """With a unit open."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.wait_for_url(re.compile(r"/lab/tree/"))
        # Notebooks of an earlier visit come back behind it.
        self.cells = page.locator(".jp-Notebook:visible .jp-Cell")
        self.cells.first.wait_for()
        # Before its kernel is ready, JupyterLab drops what one asks it to run.
        expect(page.locator("#jp-main-statusbar")).to_contain_text(re.compile(r"\| Idle"))

    def cell(self, text: str) -> Locator:
        return self.cells.filter(has_text=text).last

    def write(self, text: str, source: str) -> None:
        """Replace the code of the cell that holds `text`."""
        self.page.locator(".jp-Notebook:visible .jp-CodeCell").filter(has_text=text).last.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        # As one input, so that the editor indents nothing by itself.
        self.page.keyboard.insert_text(source)

    def menu(self, name: str, item: str) -> None:
        self.page.get_by_role("menuitem", name=name, exact=True).click()
        self.page.get_by_role("menuitem", name=item).first.click()

    def run_all(self) -> None:
        self.menu("Run", "Run All Cells")

    def submit(self, course: str, unit: str) -> None:
        self.page.keyboard.press("Control+S")
        expect(self.page.locator(".jp-mod-dirty")).to_have_count(0)
        self.menu("Nbgrader", "Assignment List")
        chosen = self.page.locator("#course_list_default")
        expect(chosen).to_contain_text("--")
        if chosen.inner_text().strip() != course:
            self.page.locator("#course_list_dropdown").click()
            self.page.locator("#course_list").get_by_text(course, exact=True).first.click()
        row = self.page.locator("#fetched_assignments_list .list_item", has_text=unit)
        row.get_by_role("button", name="Submit", exact=True).click()
