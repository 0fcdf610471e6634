"""The lines that the design draws through the code, read from the code itself."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: What each part of `grader` may import of `grader`: parts, or single modules.
LINES = {
    "device": set[str](),
    "checks": {"device"},
    "exam": {"checks", "device"},
    "store": set[str](),
    "course": {"exam.room", "exam.verdict", "typed_yaml"},
    "exchange": {"course.archives", "exam.verdict", "safe_id", "store"},
    "records": {"course.archives", "course.model", "exam.verdict", "process", "safe_id", "store"},
    "dispatch": {"course", "exam", "records", "store"},
    "process": set[str](),
    "safe_id": set[str](),
    "typed_yaml": set[str](),
}
HTTP = {"aiohttp", "fastapi", "http", "httpx", "requests", "starlette", "tornado", "urllib", "urllib3", "uvicorn"}
SQL = {"alembic", "psycopg", "sqlalchemy", "sqlite3"}

#: The design's house, and what any Python project has at its top.
TOP = {
    *("jupyterhub_config.py", "campus", "grader", "courses", "images", "helm", "tests", "benchmarks", "docs"),
    *(".ci", ".gitignore", "LICENSE", "Makefile", "README.md", "lehrwerk.yaml", "pyproject.toml", "uv.lock"),
}


def files(*kinds: str) -> list[Path]:
    """What is committed or about to be, below the root; of these kinds, or all."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found = [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [path for path in found if not kinds or path.suffix in kinds]


def code(part: str) -> list[Path]:
    found = [path for path in files(".py") if path.with_suffix("").as_posix().startswith(part)]
    # A course, though it lies in the package.
    found = [path for path in found if not path.is_relative_to("grader/course/template")]
    assert found, f"no code in {part}"
    return found


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute here"
            module = node.module or ""
            folder = ROOT.joinpath(*module.split("."))
            for alias in node.names:
                inside = (folder / f"{alias.name}.py").exists() or (folder / alias.name).is_dir()
                found.add(f"{module}.{alias.name}" if inside else module)
    return found


def of(names: set[str], package: str) -> set[str]:
    return {name for name in names if name == package or name.startswith(f"{package}.")}


def test_grader_never_imports_campus() -> None:
    for path in code("grader/"):
        assert not of(imports(path), "campus"), path


def test_every_part_of_grader_has_its_lines() -> None:
    parts = {path.parts[1].removesuffix(".py") for path in code("grader/")} - {"__init__"}
    assert parts <= set(LINES)


@pytest.mark.parametrize("part", sorted(LINES))
def test_a_part_of_grader_imports_only_what_the_design_lets_it(part: str) -> None:
    for path in code(f"grader/{part}"):
        for name in of(imports(path), "grader"):
            inner = name.removeprefix("grader").removeprefix(".")
            allowed = {part, *LINES[part]}
            assert any(inner == known or inner.startswith(f"{known}.") for known in allowed), f"{path} imports {name}"


def test_records_and_exam_share_only_the_verdict() -> None:
    for path in code("grader/records/"):
        assert of(imports(path), "grader.exam") <= {"grader.exam.verdict"}, path
    for path in code("grader/exam/"):
        assert not of(imports(path), "grader.records"), path


def test_what_runs_foreign_code_reaches_no_database() -> None:
    for part in ("grader/exam/", "grader/checks/", "grader/device/"):
        for path in code(part):
            names = imports(path)
            assert not of(names, "grader.store"), path
            assert not {name.split(".")[0] for name in names} & SQL, path


def test_the_store_knows_no_http() -> None:
    for path in code("grader/store/"):
        assert not {name.split(".")[0] for name in imports(path)} & HTTP, path


@pytest.mark.parametrize("part", ["grader/exchange/", "campus/portal/"])
def test_exchange_and_portal_know_no_sql(part: str) -> None:
    for path in code(part):
        assert not {name.split(".")[0] for name in imports(path)} & SQL, path


def test_the_hubs_entry_only_hands_over() -> None:
    text = (ROOT / "jupyterhub_config.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40
    assert {name.split(".")[0] for name in imports(Path("jupyterhub_config.py"))} == {"campus"}


def test_the_top_level_is_the_designs() -> None:
    assert {path.parts[0] for path in files()} <= TOP


def test_both_packages_are_in_the_distribution_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["campus", "grader"]
    assert set(project["project"]["optional-dependencies"]) <= {"hub", "portal", "notebook", "examiner", "gpu", "dev"}


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in files():
        if path.name == "uv.lock":
            continue
        try:
            found.append((path, (ROOT / path).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            # A picture.
            continue
    return found


def test_no_file_but_the_lock_names_a_registry() -> None:
    names = (
        "pypi.|org",
        "python|hosted.org",
        "npm|js.org",
        "anaconda.|org",
        "docker.|io",
        "gh|cr.io",
        "quay.|io",
        "nv|cr.io",
    )
    hosts = re.compile("|".join(re.escape(name.replace("|", "")) for name in names), re.IGNORECASE)
    assert [(str(path), found.group()) for path, text in texts() if (found := hosts.search(text))] == []


def test_no_file_tells_of_the_machine_or_the_tracker_it_was_written_with() -> None:
    place = re.compile(r"(?<![\w.}/-])/(?:work|root|home/\w+)/", re.IGNORECASE)
    ticket = re.compile(r"\b(?:issues?|tickets?|pull requests?) ?#?\d|(?<=[\s(])#\d{1,5}\b", re.IGNORECASE)
    in_code = re.compile(r"\b(?:issues?|tickets?|pull requests?) ?#\d", re.IGNORECASE)
    scratch = re.compile(r"(?<![\w.}/-])/tmp/\w")
    seen = []
    for path, text in texts():
        rules = [place, ticket if path.suffix in (".md", ".yaml") else in_code]
        if path.parts[0] != "tests":
            rules.append(scratch)
        seen += [f"{path}: {found.group()}" for rule in rules for found in rule.finditer(text)]
    assert seen == []


def test_every_module_says_first_what_it_is_for() -> None:
    for path in [*code("campus/"), *code("grader/")]:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert ast.get_docstring(tree) or not tree.body, path


def test_links_between_pages_lead_somewhere() -> None:
    link = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
    broken = []
    for path in files(".md"):
        for found in link.finditer((ROOT / path).read_text(encoding="utf-8")):
            if not (ROOT / path.parent / found.group(1)).exists():
                broken.append(f"{path}: {found.group(1)}")
    assert broken == []
