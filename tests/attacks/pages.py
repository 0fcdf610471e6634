"""Submissions that attack whoever reads them: markup in cells, outputs, ids and file names, and where it becomes live."""

from __future__ import annotations

import json
from html.parser import HTMLParser

#: Stands in every payload; it may be text on a page, and nothing else.
MARK = "lw-attack"

PAYLOADS = {
    "a script": f"<script>alert('{MARK}')</script>",
    "an image with a handler": f"<img src=x onerror=\"alert('{MARK}')\">",
    "a drawing with a handler": f"<svg onload=\"alert('{MARK}')\"></svg>",
    "a frame with a document": f'<iframe srcdoc="<b>{MARK}</b>"></iframe>',
    "a frame of another host": f'<iframe src="https://{MARK}.example/"></iframe>',
    "a link that is a script": f"<a href=\"javascript:alert('{MARK}')\">read</a>",
    "a markdown link that is a script": f"[read](javascript:alert('{MARK}'))",
    "a form": f'<form action="https://{MARK}.example/"><button>go</button></form>',
    "a refresh": f'<meta http-equiv="refresh" content="0; url=https://{MARK}.example/">',
    "a base for all links": f'<base href="https://{MARK}.example/">',
    "a style that covers the page": f'<div style="position:fixed;inset:0" class="{MARK}"></div>',
    "a style sheet": f"<style>.{MARK} {{ display: none }}</style>",
    "a picture that tells who reads": f'<img src="https://{MARK}.example/read.png">',
    "an end of the text's own tag": f"</pre></code></textarea></td><img src=x onerror=\"alert('{MARK}')\">",
    "an end of an attribute": f"\"'><img src=x onerror=\"alert('{MARK}')\">",
    "htmx on the reader's behalf": f'<div hx-get="https://{MARK}.example/" hx-trigger="load"></div>',
    "a mathematical formula": f"<math><mtext><img src=x onerror=\"alert('{MARK}')\"></mtext></math>",
}


def notebook(payload: str) -> bytes:
    """The payload wherever a notebook has room for text."""
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": payload},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/html": payload, "image/svg+xml": payload, "text/markdown": payload,
                     "application/javascript": f"alert('{MARK}')", "text/plain": payload},
        },
        {"output_type": "error", "ename": payload, "evalue": payload, "traceback": [payload]},
    ]  # fmt: skip
    marks = {"grade_id": payload, "solution": True, "grade": False, "locked": False, "task": False, "schema_version": 3}
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": payload},
        {"cell_type": "raw", "id": "b", "metadata": {"format": "text/html"}, "source": payload},
        {"cell_type": "code", "id": "c", "metadata": {"nbgrader": marks}, "source": payload, "outputs": outputs,
         "execution_count": 1},
    ]  # fmt: skip
    metadata = {"title": payload, "authors": [{"name": payload}]}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).encode()


class _Live(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.found += [f"<{tag} {name}>" for name, value in attrs if MARK in (value or "")]

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style") and MARK in data:
            self.found.append(f"<{self._inside}>")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def live(html: str) -> list[str]:
    """Tags of a page that carry a payload other than as text."""
    parser = _Live()
    parser.feed(html)
    parser.close()
    return parser.found


def stock_page(payload: str) -> str:
    """The notebook as nbgrader's feedback and formgrader show it, with nbconvert's HTML."""
    import nbformat
    from nbconvert import HTMLExporter

    return str(HTMLExporter().from_notebook_node(nbformat.reads(notebook(payload).decode(), 4))[0])
