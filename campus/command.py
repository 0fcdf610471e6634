"""The command `lehrwerk`. Heavy imports stay inside the commands, so that `--help` is quick.

Exit codes: 0 done, 1 something is wrong with what was examined, 2 bad input, 3 a failure of ours.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import Progress
from typer.exceptions import TyperException

from campus.settings import Language


def _help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


app = typer.Typer(
    callback=_help,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Teach GPU programming.",
)
course_app = typer.Typer(callback=_help, invoke_without_command=True, help="Check, build and publish courses.")
app.add_typer(course_app, name="course")

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", help="Settings file; default $LEHRWERK_SETTINGS or lehrwerk.yaml."),
]

out = Console()
err = Console(stderr=True)

BAD_INPUT, FAILURE = 2, 3


def main() -> None:
    try:
        sys.exit(app(standalone_mode=False))
    except TyperException as error:
        # One line, where Typer would draw a box.
        context = getattr(error, "ctx", None)
        what = error.format_message().replace("Value error, ", "")
        _say_refused(f"{what} See `{context.command_path if context else 'lehrwerk'} --help`.")
        sys.exit(BAD_INPUT)
    except Exception as error:
        if os.environ.get("LEHRWERK_DEBUG"):
            raise
        err.print(f"lehrwerk: {type(error).__name__}: {error}", style="red", markup=False)
        err.print("Set LEHRWERK_DEBUG=1 to see where.", markup=False)
        sys.exit(FAILURE)


def _say_refused(message: str) -> None:
    err.print(message, markup=False, highlight=False, soft_wrap=True)


def _refuse(message: str) -> typer.Exit:
    _say_refused(message)
    return typer.Exit(BAD_INPUT)


def _course_folder(directory: Path) -> None:
    """Refuses what cannot be a course at all; faults of one that is there are another matter."""
    if not directory.is_dir():
        raise _refuse(f"{directory}: no such folder")
    if not any((directory / name).exists() for name in ("course.yaml", "source")):
        raise _refuse(f"{directory}: no course: neither course.yaml nor source/ is there")


@app.command()
def up(settings: SettingsOption = None) -> None:
    """Start Lehrwerk on this machine and print where it is."""
    from campus.up import StartError, run

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        run(settings, out)
    except StartError as error:
        raise _refuse(str(error)) from error


@app.command()
def doctor(
    settings: SettingsOption = None,
    tests: Annotated[bool, typer.Option(help="Also what only the tests need.")] = False,
) -> None:
    """Say what is here, what is missing, and how to mend it."""
    from campus.doctor import examine

    lines = examine(settings, tests)
    style = {"ok": "green", "note": "yellow", "fix": "bold red"}
    for line in lines:
        out.print(f"[{style[line.level]}]{line.level:5}[/]", end=" ")
        out.print(line.text, markup=False, highlight=False, soft_wrap=True)
    if any(line.level == "fix" for line in lines):
        raise typer.Exit(1)


@course_app.command("check")
def course_check(directory: Path) -> None:
    """Prove a course: structure, model full marks, starter zero, every wrong solution caught."""
    from grader.course.check import check

    _course_folder(directory)
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("checking", total=None)

        def step(done: int, total: int, what: str) -> None:
            progress.update(task, completed=done, total=total, description=what)

        problems = check(directory, progress=step)
    for problem in problems:
        out.print(str(problem), markup=False, highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    out.print(f"{directory}: ok", markup=False, highlight=False)


@course_app.command("build")
def course_build(directory: Path, target: Annotated[Path, typer.Option("--out")] = Path("build")) -> None:
    """Build what learners and nbgrader get."""
    from grader.course.build import build
    from grader.course.model import CourseError

    _course_folder(directory)
    try:
        bundle = build(directory, target)
    except CourseError as error:
        raise _refuse("\n".join(str(problem) for problem in error.problems)) from error
    out.print(f"{target}: {bundle.course} {bundle.digest[:12]}", markup=False, highlight=False)


@course_app.command("publish")
def course_publish(
    directory: Path,
    tenant: Annotated[str, typer.Option(help="The tenant whose course it becomes.")],
    settings: SettingsOption = None,
) -> None:
    """Build a course and publish it to a tenant's learners."""
    from campus.publish import PublishError, publish
    from campus.settings import SettingsError, load
    from grader.course.model import CourseError

    _course_folder(directory)
    try:
        configured = load(settings)
        with err.status("publishing") as status:
            version = publish(configured, directory, tenant, by="command", say=status.update)
    except (PublishError, SettingsError) as error:
        raise _refuse(str(error)) from error
    except CourseError as error:
        raise _refuse("\n".join(str(problem) for problem in error.problems)) from error
    out.print(f"{version.course_id}: published {version.digest[:12]}", markup=False, highlight=False)
    if version.course_id not in configured.course_ids():
        err.print(
            f"note: the settings do not list {version.bundle['course']} among the courses of {tenant}, so nobody has a "
            "role in it: add it there and start Lehrwerk again",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


@app.command()
def grade(
    course: Annotated[Path, typer.Argument(metavar="COURSE_DIR")],
    assignment: str,
    file: Annotated[Path, typer.Argument(metavar="FILE.ipynb")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON, schema 1.")] = False,
    language: Annotated[Language, typer.Option(help="Language of the messages.")] = "en",
    device: Annotated[Literal["auto", "emulated", "cuda"], typer.Option(help="Where exams run.")] = "auto",
) -> None:
    """Mark one submission in the exam room, as the platform does."""
    from campus.grade import BadInput, grade_file, table

    try:
        with err.status("marking"):
            verdict = grade_file(course, assignment, file, device=device, language=language)
    except BadInput as error:
        raise _refuse(str(error)) from error
    public: dict[str, Any] = verdict.public(language)
    if as_json:
        print(json.dumps(public, ensure_ascii=False))
    else:
        out.print(table(public, language))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def emulate(
    context: typer.Context,
    script: Path,
    as_json: Annotated[bool, typer.Option("--json", help="Last line: findings and counters as JSON.")] = False,
    language: Annotated[Language | None, typer.Option(help="Language of the messages.")] = None,
) -> None:
    """Run a script against the emulated GPU and print what was found."""
    from grader.device.frontends.run import run_script

    raise typer.Exit(run_script(script, context.args, json=as_json, language=language))


@app.command()
def backup(target: Path, settings: SettingsOption = None) -> None:
    """Write hub, store, gradebooks and blobs at one point in time to one archive."""
    from campus.settings import SettingsError, load
    from grader.records.backup import BackupError
    from grader.records.backup import backup as write

    try:
        here = load(settings)
        with err.status("backing up") as status:
            write(
                here.data,
                here.database_url,
                target,
                gradebook_url=here.gradebook_url,
                s3=here.storage.s3,
                say=status.update,
            )
    except (BackupError, SettingsError) as error:
        raise _refuse(str(error)) from error
    out.print(f"{target}: written", markup=False, highlight=False)


@app.command()
def restore(
    archive: Path,
    settings: SettingsOption = None,
    force: Annotated[bool, typer.Option(help="Replace what is there.")] = False,
) -> None:
    """Bring an archive of `backup` back. Stop Lehrwerk first."""
    from campus.settings import SettingsError, load
    from grader.records.backup import BackupError
    from grader.records.backup import restore as bring_back

    try:
        here = load(settings)
        with err.status("restoring") as status:
            replaced = bring_back(
                archive,
                here.data,
                here.database_url,
                force=force,
                gradebook_url=here.gradebook_url,
                s3=here.storage.s3,
                say=status.update,
            )
    except (BackupError, SettingsError) as error:
        raise _refuse(str(error)) from error
    out.print(f"{here.data}: restored", markup=False, highlight=False)
    if replaced is not None:
        out.print(f"What was there lies in {replaced}.", markup=False, highlight=False)
