"""What a reader stumbles over in a unit's text, and code that would need a network: found without running anything.

Headings in their order, pictures with an alternative text, links that say where they lead and that lead somewhere.
Markdown is read as JupyterLab shows it, by CommonMark's rules (markdown-it-py).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from nbformat import NotebookNode

from grader.course.model import Problem

#: Folder of a unit whose pictures learners get with it.
FIGURES = "figures"

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ALT = re.compile(r"""\balt\s*=\s*["'][^"']*\S[^"']*["']""", re.IGNORECASE)
#: Link texts that say nothing to whoever hears the page's links in a list.
_EMPTY_WORDS = {"here", "click here", "link", "this", "this link", "hier", "hier klicken", "dieser link", "klick"}
_NETWORK = {"aiohttp", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "urllib3", "websockets"}
_FETCHES = re.compile(r"^\s*[!%]\s*(pip|conda|uv|wget|curl|git\s+clone|apt(-get)?)\b")


def stumbles(file: Path, notebook: NotebookNode) -> Iterator[Problem]:
    """Every problem of the unit in `file`, whose cells know their line as `lehrwerk_line`."""
    level = 0
    for cell in notebook.cells:
        line = cell.metadata["lehrwerk_line"]
        if cell.cell_type == "code":
            yield from _networked(file, line, cell.source)
            continue
        for token in _MARKDOWN.parse(cell.source):
            where = line + 1 + (token.map[0] if token.map else 0)
            if token.type == "heading_open":
                found = int(token.tag[1:])
                if message := _heading(level, found):
                    yield Problem(file, where, message)
                level = found
            elif token.type == "inline":
                for message in _inside(file, token):
                    yield Problem(file, where, message)
            elif token.type == "html_block":
                for message in _raw(token.content):
                    yield Problem(file, where, message)
    if not level:
        yield Problem(file, 1, "no heading; begin with one, as in `# # Title`")


def _heading(before: int, found: int) -> str | None:
    if not before:
        return None if found == 1 else f"the first heading has level {found}; a unit begins with its title, level 1"
    if found == 1:
        return "a second heading of level 1; a unit has one title, begin its parts with level 2"
    if found > before + 1:
        return f"a heading of level {found} below one of level {before}; use level {before + 1}"
    return None


def _inside(file: Path, token: Token) -> Iterator[str]:
    """Pictures and links of one paragraph."""
    text: list[str] | None = None
    target = ""
    for child in token.children or ():
        if child.type == "image":
            if not child.content.strip():
                yield "a picture without alternative text; say what it shows: ![text](file)"
            yield from _leads(file, str(child.attrGet("src") or ""), picture=True)
            if text is not None:
                text.append(child.content)
        elif child.type == "link_open":
            text, target = [], str(child.attrGet("href") or "")
        elif child.type == "link_close":
            words = " ".join("".join(text or ()).split())
            if not words:
                yield f"a link to {target} without a text; say where it leads"
            elif words.lower().rstrip(".!") in _EMPTY_WORDS:
                yield f"the link text {words!r} does not say where it leads"
            yield from _leads(file, target, picture=False)
            text = None
        elif child.type == "html_inline":
            yield from _raw(child.content)
        elif text is not None:
            text.append(child.content)


def _leads(file: Path, target: str, picture: bool) -> Iterator[str]:
    parts = urlsplit(target)
    kind = "picture" if picture else "link"
    if parts.scheme in ("http", "https"):
        if picture:
            yield f"the picture {target} comes from elsewhere; put it into {FIGURES}/"
        return
    if parts.scheme == "mailto" or (not parts.path and parts.fragment):
        return
    if parts.scheme or parts.netloc:
        yield f"the {kind} {target} is no address that learners can open; use https, or a file of {FIGURES}/"
        return
    path = Path(unquote(parts.path))
    if path.is_absolute() or path.parts[:1] != (FIGURES,) or ".." in path.parts:
        yield f"the {kind} {target} is not in {FIGURES}/, so learners do not get it"
    elif not (file.parent / path).is_file():
        yield f"the {kind} {target} leads nowhere; there is no such file in {file.parent.name}/"


def _raw(html: str) -> Iterator[str]:
    for picture in _IMG.findall(html):
        if not _ALT.search(picture):
            yield "an <img> without alternative text; say in `alt` what it shows"


def _networked(file: Path, line: int, source: str) -> Iterator[Problem]:
    """Code that fetches something: exams and notebook servers of a cluster have no way out."""
    mend = "put what it needs into the unit; there is no network where it runs"
    for number, text in enumerate(source.splitlines(), 1):
        if found := _FETCHES.match(text):
            yield Problem(file, line + number, f"{found[0].strip()} needs a network; {mend}")
    try:
        tree = ast.parse(source)
    except SyntaxError:
        # Magics; what is no Python at all is named by who reads the cell.
        return
    for node in ast.walk(tree):
        for module in _imports(node):
            if module.split(".")[0] in _NETWORK or module.startswith("urllib.request"):
                yield Problem(file, line + getattr(node, "lineno", 0), f"`import {module}` needs a network; {mend}")
        if isinstance(node, ast.Call):
            for argument in node.args:
                address = argument.value if isinstance(argument, ast.Constant) else None
                if isinstance(address, str) and address.startswith(("http://", "https://")):
                    yield Problem(file, line + node.lineno, f"{address} is fetched from a network; {mend}")


def _imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []
